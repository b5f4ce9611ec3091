"""Which fork or option brings a layer type, or a field of the definition, that Caffe's own build does not know."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SSD: Final = "SSD (weiliu89/caffe, branch ssd)"
_FASTER: Final = "Faster R-CNN (rbgirshick's caffe-fast-rcnn, with its Python layers)"
_RFCN: Final = "R-FCN (its own caffe)"
_SEGNET: Final = "SegNet (alexgkendall/caffe-segnet)"
_PSPNET: Final = "DeepLab or PSPNet (their own forks)"
_FLOWNET: Final = "FlowNet (lmb-freiburg's fork)"
_NVCAFFE: Final = "NVCaffe (NVIDIA/caffe)"
_INTEL: Final = "Intel Caffe"

_TYPES_OF: Final[Mapping[str, str]] = {
    _SSD: "AnnotatedData MultiBoxLoss PriorBox Permute Normalize DetectionOutput DetectionEvaluate VideoData",
    _FASTER: "ROIPooling SmoothL1Loss Proposal",
    _RFCN: "PSROIPooling BoxAnnotatorOHEM SmoothL1LossOHEM",
    _SEGNET: "BN Upsample DenseImageData",
    _PSPNET: "Interp ImageSegData SegAccuracy DenseCRF MultiStageMeanfield",
    "MobileNet or ShuffleNet (forks with these layers)": "DepthwiseConvolution ConvolutionDepthwise ShuffleChannel",
    "SENet (hujie-frank's fork)": "Axpy",
    _FLOWNET: "Correlation FlowWarp Resample L1Loss CustomData",
    "a build with OpenCV (USE_OPENCV)": "ImageData WindowData",
    "a build with HDF5": "HDF5Data HDF5Output",
    "a Caffe of 2016 or later": "Input LSTM RNN Parameter Crop BatchReindex Scale Bias BatchNorm ELU",
}
_FIELDS_OF: Final[Mapping[str, str]] = {
    _SSD: (
        "annotated_data_param multibox_loss_param prior_box_param permute_param norm_param detection_output_param "
        "detection_evaluate_param resize_param emit_constraint distort_param expand_param eval_type ap_version "
        "show_per_class_result batch_sampler"
    ),
    _FASTER: "roi_pooling_param smooth_l1_loss_param",
    _RFCN: "psroi_pooling_param box_annotator_ohem_param",
    _SEGNET: "bn_param upsample_param dense_image_data_param bn_mode",
    _PSPNET: "interp_param image_seg_param seg_accuracy_param",
    _FLOWNET: "correlation_param flow_warp_param resample_param augmentation_param",
    _NVCAFFE: (
        "default_forward_type default_backward_type default_forward_math default_backward_math global_grad_scale "
        "cudnn_convolution_algo_seeker detectnet_groundtruth_param detectnet_augmentation_param reduce_buckets "
        "random_seed_offset min_lr rampup_lr rampup_interval larc local_lr_auto"
    ),
    _INTEL: "engine_seq mn_param fuse_relu bn_stats_batch_size",
    "yjxiong's fork": "mem_param batch_reduction_param video_data_param",
    "a Caffe of 2015 or later": "recurrent_param input_param batch_norm_param scale_param elu_param crop_param",
}
# Fields that people write most, of solvers and of the usual layers: what a misspelt one may have meant.
_USUAL: Final = [
    "net",
    "train_net",
    "test_net",
    "test_iter",
    "test_interval",
    "test_initialization",
    "base_lr",
    "display",
    "average_loss",
    "max_iter",
    "iter_size",
    "lr_policy",
    "gamma",
    "power",
    "momentum",
    "weight_decay",
    "regularization_type",
    "stepsize",
    "stepvalue",
    "clip_gradients",
    "snapshot",
    "snapshot_prefix",
    "snapshot_diff",
    "snapshot_format",
    "solver_mode",
    "device_id",
    "random_seed",
    "type",
    "delta",
    "momentum2",
    "rms_decay",
    "debug_info",
    "name",
    "bottom",
    "top",
    "phase",
    "loss_weight",
    "param",
    "lr_mult",
    "decay_mult",
    "blobs",
    "include",
    "exclude",
    "transform_param",
    "loss_param",
    "accuracy_param",
    "concat_param",
    "convolution_param",
    "data_param",
    "dropout_param",
    "eltwise_param",
    "hdf5_data_param",
    "image_data_param",
    "inner_product_param",
    "lrn_param",
    "pooling_param",
    "relu_param",
    "reshape_param",
    "softmax_param",
    "slice_param",
    "num_output",
    "bias_term",
    "pad",
    "kernel_size",
    "group",
    "stride",
    "weight_filler",
    "bias_filler",
    "engine",
    "axis",
    "dilation",
    "kernel_h",
    "kernel_w",
    "pad_h",
    "pad_w",
    "stride_h",
    "stride_w",
    "pool",
    "global_pooling",
    "dropout_ratio",
    "local_size",
    "alpha",
    "beta",
    "norm_region",
    "source",
    "batch_size",
    "backend",
    "rand_skip",
    "scale",
    "mirror",
    "crop_size",
    "mean_file",
    "mean_value",
    "force_color",
    "force_gray",
    "root_folder",
    "shuffle",
    "new_height",
    "new_width",
    "operation",
    "coeff",
    "negative_slope",
    "shape",
    "dim",
    "min",
    "max",
    "mean",
    "std",
    "value",
    "use_global_stats",
    "moving_average_fraction",
    "eps",
    "ignore_label",
    "normalization",
    "normalize",
    "top_k",
]
_TYPE_FORKS: Final = {word: fork for fork, words in _TYPES_OF.items() for word in words.split()}
_FIELD_FORKS: Final = {word: fork for fork, words in _FIELDS_OF.items() for word in words.split()}
_ALIKE: Final = 0.8  # one letter more, less or other in a word of five or more


def fork_of_type(name: str) -> str:
    """The fork, era or option that has a layer type; empty where none is known."""
    return _TYPE_FORKS.get(name, "")


def fork_of_field(name: str) -> str:
    """The fork or era that has a field of the definition; empty where none is known."""
    return _FIELD_FORKS.get(name, "")


def meant_type(name: str, known: Iterable[str]) -> str:
    """The type of a build's list that is spelt most alike; empty where none is near."""
    types = list(known)
    same = [one for one in types if one.lower() == name.lower()]
    return next(iter([*same, *get_close_matches(name, types, 1, _ALIKE)]), "")


def meant_field(name: str) -> str:
    """The usual field that is spelt most alike; empty where none is near."""
    return next(iter(get_close_matches(name, _USUAL, 1, _ALIKE)), "")
