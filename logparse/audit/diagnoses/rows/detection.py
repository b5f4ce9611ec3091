"""SSD and its children: boxes, label maps, priors."""

from __future__ import annotations

from typing import Final

from logparse.audit.diagnoses.entry import MEDIUM, Diagnosis

OF_DETECTION: Final = (
    Diagnosis(
        "S1",
        "background_in_annotations",
        r"Found background label in the dataset",
        "An annotation has label 0, which is the background's",
        "The label map has no entry for the background, or a class's name was read as 0.",
        "a label map whose first entry (0) is the background; make the LMDB again.",
        (
            "F bbox_util.cpp] Check failed: background_label_id != label (0 vs. 0) Found background label in the dataset.",
        ),
    ),
    Diagnosis(
        "S1",
        "background_in_detections",
        r"Found background label in the detection results",
        "A detection has label 0, which is the background's",
        "The test net's num_classes does not fit, or the build is stale.",
        "`num_classes` in the test net as in the train net; `make clean` and build.",
        (
            "F bbox_util.cpp] Check failed: background_label_id != label (0 vs. 0) Found background label in the detection results.",
        ),
    ),
    Diagnosis(
        "S2",
        "too_few_classes",
        r"label < num_classes",
        "An annotation has label {a}, and the net knows labels below {b}",
        "`num_classes` counts the background too: it is the number of classes and one more.",
        "`num_classes` one larger than the largest label, in all layers; or the LMDB of these classes.",
        ("F bbox_util.cpp] Check failed: label < num_classes (21 vs. 21) ",),
    ),
    Diagnosis(
        "S3",
        "priors_do_not_match_confidence",
        r"Number of priors must match number of confidence predictions",
        "The confidence layers' outputs do not fit the priors: {a} and {b}",
        "They need priors times `num_classes`: often `num_classes` was changed in the loss and not in the "
        "convolutions before it.",
        "`num_output` of each *_mbox_conf: priors a place times `num_classes`.",
        (
            "F multibox_loss_layer.cpp] Check failed: num_priors_ * num_classes_ == bottom[1]->channels() (100 vs. 90) Number of priors must match number of confidence predictions.",
        ),
    ),
    Diagnosis(
        "S3",
        "priors_do_not_match_location",
        r"Number of priors must match number of location predictions",
        "The location layers' outputs do not fit the priors: {a} and {b}",
        "They need four values for each prior: sizes or aspect ratios were changed in one place only.",
        "`num_output` of each *_mbox_loc: priors a place times 4.",
        (
            "F multibox_loss_layer.cpp] Check failed: num_priors_ * loc_classes_ * 4 == bottom[0]->channels() (100 vs. 90) Number of priors must match number of location predictions.",
        ),
    ),
    Diagnosis(
        "S4",
        "label_not_in_map",
        r"Cannot find label: (?P<label>\S+) in the label map|Failed to read label map file",
        "The label map does not fit the classes{label_text}",
        "The definition of the test still has another data set's label map or number of classes.",
        "`label_map_file` and `num_classes` of this data set in every layer.",
        (
            "F detection_output_layer.cpp] Cannot find label: 21 in the label map.",
            "F x.cpp] Failed to read label map file: labelmap.prototxt",
        ),
        words=lambda scene: {"label_text": f": it has no label {scene.match['label']}" if scene.match["label"] else ""},
    ),
    Diagnosis(
        "S4",
        "test_count_too_large",
        r"num_test_image_ <= (?P<what>names_|sizes_)\.size\(\)",
        "`num_test_image` is larger than the list of names and sizes: {a} and {b}",
        "The test net is written for another test set.",
        "`num_test_image` and `name_size_file` of this test set.",
        ("F detection_output_layer.cpp] Check failed: num_test_image_ <= names_.size() (4952 vs. 100) ",),
    ),
    Diagnosis(
        "S5",
        "crop_sampler_rounding",
        r"Check failed: a <= b",
        "SSD's sampler of crops met a box that is wider than the image by a rounding error",
        "It can come at any iteration, and by chance.",
        "clamp width and height of the sampled box to 1 in the sampler's source, or a later version of the fork.",
        (
            (
                "F math_functions.cpp] Check failed: a <= b (0 vs. -1.19209e-07) \n    @ 0x7f1 caffe::caffe_rng_uniform<>()\n"
                "    @ 0x7f2 caffe::SampleBBox()"
            ),
        ),
        when=lambda scene: scene.traced("SampleBBox"),
    ),
    Diagnosis(
        "S6",
        "script_wrote_zero",
        r"sampler\.(?P<what>m\w+_\w+)\(\) > 0|priorbox_param\.variance\(\w\) > 0|prior_box_param\.\w+\(\w?\) > 0",
        "A field of SSD's definition is 0 that must be above it",
        "The script that wrote the definition divided whole numbers, or is of another fork.",
        "look at samplers and variances in the definition; write it again with the fork's own script.",
        (
            "F sampler.cpp] Check failed: sampler.min_scale() > 0. (0 vs. 0) ",
            "F prior_box_layer.cpp] Check failed: prior_box_param.variance(0) > 0 (0 vs. 0) ",
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "S9",
        "box_without_area",
        r"(?P<what>bbox|prior)_(?P<side>width|height) > 0",
        "A box has no {side}",
        "An annotation has two equal or exchanged corners; for a prior, a size of 0.",
        "clean the annotations: xmax above xmin, ymax above ymin.",
        (
            "F bbox_util.cpp] Check failed: bbox_width > 0 (0 vs. 0) ",
            "F bbox_util.cpp] Check failed: prior_width > 0 (0 vs. 0) ",
        ),
    ),
    Diagnosis(
        "S9",
        "name_not_in_map",
        r"Unknown name: (?P<named>.*)",
        "An annotation names {named!r}, which the label map has not",
        "The converter knows only names of the map.",
        "add the name to the label map, or mend the annotation.",
        ("F io.cpp] Unknown name: unicorn",),
    ),
)
