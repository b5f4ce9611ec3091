"""Caffe's messages as protobuf's own text format wants them, told from the facts of the format (caffe.proto).

A row is one message: its fields by number, name and type; `*` before a type is a repeated field. The oldest spellings
(V1, V0) are not here: what is recovered is written in today's.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

ENUMS: Final = {
    "Phase": "TRAIN TEST",
    "DB": "LEVELDB LMDB",
    "Engine": "DEFAULT CAFFE CUDNN",
    "Norm": "NONE FULL VALID BATCH_SIZE",
    "EltwiseOp": "PROD SUM MAX",
    "VarianceNorm": "FAN_IN FAN_OUT AVERAGE",
    "HingeNorm": "NO_NORM L1 L2",
    "NormRegion": "ACROSS_CHANNELS WITHIN_CHANNEL",
    "PoolMethod": "MAX AVE STOCHASTIC",
    "RoundMode": "CEIL FLOOR",
    "ReductionOp": "NO_REDUCTION SUM ASUM SUMSQ MEAN",
    "ShareMode": "STRICT PERMISSIVE",
    "SnapshotFormat": "HDF5 BINARYPROTO",
    "SolverMode": "CPU GPU",
    "SolverType": "SGD NESTEROV ADAGRAD RMSPROP ADADELTA ADAM",
}

MESSAGES: Final = {
    "BlobShape": "1 dim *int64",
    "BlobProto": "7 shape BlobShape; 5 data *float",
    "FillerParameter": "1 type string; 2 value float; 3 min float; 4 max float; 5 mean float; 6 std float; "
    "7 sparse int32; 8 variance_norm VarianceNorm",
    "NetState": "1 phase Phase; 2 level int32; 3 stage *string",
    "NetStateRule": "1 phase Phase; 2 min_level int32; 3 max_level int32; 4 stage *string; 5 not_stage *string",
    "ParamSpec": "1 name string; 2 share_mode ShareMode; 3 lr_mult float; 4 decay_mult float",
    "NetParameter": "1 name string; 3 input *string; 8 input_shape *BlobShape; 4 input_dim *int32; "
    "5 force_backward bool; 6 state NetState; 7 debug_info bool; 100 layer *LayerParameter",
    "SolverParameter": "24 net string; 25 net_param NetParameter; 1 train_net string; 2 test_net *string; "
    "21 train_net_param NetParameter; 22 test_net_param *NetParameter; 26 train_state NetState; "
    "27 test_state *NetState; 3 test_iter *int32; 4 test_interval int32; 19 test_compute_loss bool; "
    "32 test_initialization bool; 5 base_lr float; 6 display int32; 33 average_loss int32; 7 max_iter int32; "
    "36 iter_size int32; 8 lr_policy string; 9 gamma float; 10 power float; 11 momentum float; 12 weight_decay float; "
    "29 regularization_type string; 13 stepsize int32; 34 stepvalue *int32; 35 clip_gradients float; "
    "14 snapshot int32; 15 snapshot_prefix string; 16 snapshot_diff bool; 37 snapshot_format SnapshotFormat; "
    "17 solver_mode SolverMode; 18 device_id int32; 20 random_seed int64; 40 type string; 31 delta float; "
    "39 momentum2 float; 38 rms_decay float; 23 debug_info bool; 28 snapshot_after_train bool; "
    "30 solver_type SolverType; 41 layer_wise_reduce bool; 42 weights *string",
    "LayerParameter": "1 name string; 2 type string; 3 bottom *string; 4 top *string; 10 phase Phase; "
    "5 loss_weight *float; 6 param *ParamSpec; 7 blobs *BlobProto; 11 propagate_down *bool; 8 include *NetStateRule; "
    "9 exclude *NetStateRule; 100 transform_param TransformationParameter; 101 loss_param LossParameter; "
    "102 accuracy_param AccuracyParameter; 103 argmax_param ArgMaxParameter; 139 batch_norm_param BatchNormParameter; "
    "141 bias_param BiasParameter; 148 clip_param ClipParameter; 104 concat_param ConcatParameter; "
    "105 contrastive_loss_param ContrastiveLossParameter; 106 convolution_param ConvolutionParameter; "
    "144 crop_param CropParameter; 107 data_param DataParameter; 108 dropout_param DropoutParameter; "
    "109 dummy_data_param DummyDataParameter; 110 eltwise_param EltwiseParameter; 140 elu_param ELUParameter; "
    "137 embed_param EmbedParameter; 111 exp_param ExpParameter; 135 flatten_param FlattenParameter; "
    "112 hdf5_data_param HDF5DataParameter; 113 hdf5_output_param HDF5OutputParameter; "
    "114 hinge_loss_param HingeLossParameter; 115 image_data_param ImageDataParameter; "
    "116 infogain_loss_param InfogainLossParameter; 117 inner_product_param InnerProductParameter; "
    "143 input_param InputParameter; 134 log_param ExpParameter; 118 lrn_param LRNParameter; "
    "119 memory_data_param MemoryDataParameter; 120 mvn_param MVNParameter; 145 parameter_param ParameterParameter; "
    "121 pooling_param PoolingParameter; 122 power_param PowerParameter; 131 prelu_param PReLUParameter; "
    "130 python_param PythonParameter; 146 recurrent_param RecurrentParameter; 136 reduction_param ReductionParameter; "
    "123 relu_param ReLUParameter; 133 reshape_param ReshapeParameter; 142 scale_param ScaleParameter; "
    "124 sigmoid_param EngineParameter; 126 slice_param SliceParameter; 125 softmax_param SoftmaxParameter; "
    "132 spp_param SPPParameter; 147 swish_param SwishParameter; 127 tanh_param EngineParameter; "
    "128 threshold_param ThresholdParameter; 138 tile_param TileParameter; 129 window_data_param WindowDataParameter",
    "TransformationParameter": "1 scale float; 2 mirror bool; 3 crop_size uint32; 4 mean_file string; "
    "5 mean_value *float; 6 force_color bool; 7 force_gray bool",
    "LossParameter": "1 ignore_label int32; 3 normalization Norm; 2 normalize bool",
    "AccuracyParameter": "1 top_k uint32; 2 axis int32; 3 ignore_label int32",
    "ArgMaxParameter": "1 out_max_val bool; 2 top_k uint32; 3 axis int32",
    "BatchNormParameter": "1 use_global_stats bool; 2 moving_average_fraction float; 3 eps float",
    "BiasParameter": "1 axis int32; 2 num_axes int32; 3 filler FillerParameter",
    "ClipParameter": "1 min float; 2 max float",
    "ConcatParameter": "2 axis int32; 1 concat_dim uint32",
    "ContrastiveLossParameter": "1 margin float; 2 legacy_version bool",
    "ConvolutionParameter": "1 num_output uint32; 2 bias_term bool; 3 pad *uint32; 4 kernel_size *uint32; "
    "6 stride *uint32; 18 dilation *uint32; 9 pad_h uint32; 10 pad_w uint32; 11 kernel_h uint32; 12 kernel_w uint32; "
    "13 stride_h uint32; 14 stride_w uint32; 5 group uint32; 7 weight_filler FillerParameter; "
    "8 bias_filler FillerParameter; 15 engine Engine; 16 axis int32; 17 force_nd_im2col bool",
    "CropParameter": "1 axis int32; 2 offset *uint32",
    "DataParameter": "1 source string; 4 batch_size uint32; 7 rand_skip uint32; 8 backend DB; 2 scale float; "
    "3 mean_file string; 5 crop_size uint32; 6 mirror bool; 9 force_encoded_color bool; 10 prefetch uint32",
    "DropoutParameter": "1 dropout_ratio float",
    "DummyDataParameter": "1 data_filler *FillerParameter; 6 shape *BlobShape; 2 num *uint32; 3 channels *uint32; "
    "4 height *uint32; 5 width *uint32",
    "EltwiseParameter": "1 operation EltwiseOp; 2 coeff *float; 3 stable_prod_grad bool",
    "ELUParameter": "1 alpha float",
    "EmbedParameter": "1 num_output uint32; 2 input_dim uint32; 3 bias_term bool; 4 weight_filler FillerParameter; "
    "5 bias_filler FillerParameter",
    "EngineParameter": "1 engine Engine",
    "ExpParameter": "1 base float; 2 scale float; 3 shift float",
    "FlattenParameter": "1 axis int32; 2 end_axis int32",
    "HDF5DataParameter": "1 source string; 2 batch_size uint32; 3 shuffle bool",
    "HDF5OutputParameter": "1 file_name string",
    "HingeLossParameter": "1 norm HingeNorm",
    "ImageDataParameter": "1 source string; 4 batch_size uint32; 7 rand_skip uint32; 8 shuffle bool; "
    "9 new_height uint32; 10 new_width uint32; 11 is_color bool; 2 scale float; 3 mean_file string; "
    "5 crop_size uint32; 6 mirror bool; 12 root_folder string",
    "InfogainLossParameter": "1 source string; 2 axis int32",
    "InnerProductParameter": "1 num_output uint32; 2 bias_term bool; 3 weight_filler FillerParameter; "
    "4 bias_filler FillerParameter; 5 axis int32; 6 transpose bool",
    "InputParameter": "1 shape *BlobShape",
    "LRNParameter": "1 local_size uint32; 2 alpha float; 3 beta float; 4 norm_region NormRegion; 5 k float; "
    "6 engine Engine",
    "MemoryDataParameter": "1 batch_size uint32; 2 channels uint32; 3 height uint32; 4 width uint32",
    "MVNParameter": "1 normalize_variance bool; 2 across_channels bool; 3 eps float",
    "ParameterParameter": "1 shape BlobShape",
    "PoolingParameter": "1 pool PoolMethod; 4 pad uint32; 9 pad_h uint32; 10 pad_w uint32; 2 kernel_size uint32; "
    "5 kernel_h uint32; 6 kernel_w uint32; 3 stride uint32; 7 stride_h uint32; 8 stride_w uint32; 11 engine Engine; "
    "12 global_pooling bool; 13 round_mode RoundMode",
    "PowerParameter": "1 power float; 2 scale float; 3 shift float",
    "PReLUParameter": "1 filler FillerParameter; 2 channel_shared bool",
    "PythonParameter": "1 module string; 2 layer string; 3 param_str string; 4 share_in_parallel bool",
    "RecurrentParameter": "1 num_output uint32; 2 weight_filler FillerParameter; 3 bias_filler FillerParameter; "
    "4 debug_info bool; 5 expose_hidden bool",
    "ReductionParameter": "1 operation ReductionOp; 2 axis int32; 3 coeff float",
    "ReLUParameter": "1 negative_slope float; 2 engine Engine",
    "ReshapeParameter": "1 shape BlobShape; 2 axis int32; 3 num_axes int32",
    "ScaleParameter": "1 axis int32; 2 num_axes int32; 3 filler FillerParameter; 4 bias_term bool; "
    "5 bias_filler FillerParameter",
    "SliceParameter": "3 axis int32; 2 slice_point *uint32; 1 slice_dim uint32",
    "SoftmaxParameter": "1 engine Engine; 2 axis int32",
    "SPPParameter": "1 pyramid_height uint32; 2 pool PoolMethod; 6 engine Engine",
    "SwishParameter": "1 beta float",
    "ThresholdParameter": "1 threshold float",
    "TileParameter": "1 axis int32; 2 tiles int32",
    "WindowDataParameter": "1 source string; 2 scale float; 3 mean_file string; 4 batch_size uint32; "
    "5 crop_size uint32; 6 mirror bool; 7 fg_threshold float; 8 bg_threshold float; 9 fg_fraction float; "
    "10 context_pad uint32; 11 crop_mode string; 12 cache_images bool; 13 root_folder string",
}

_SCALARS: Final = {
    "float": 2,
    "int64": 3,
    "int32": 5,
    "bool": 8,
    "string": 9,
    "uint32": 13,
}  # FieldDescriptorProto.Type
_MESSAGE, _ENUM = 11, 14
_OPTIONAL, _REPEATED = 1, 3


@cache
def message_class(name: str) -> Any:  # noqa: ANN401 - protobuf makes its classes at run time
    """The class of one message; needs google.protobuf."""
    from google.protobuf import descriptor_pool, message_factory

    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe.{name}"))


def _file() -> Any:  # noqa: ANN401 - the same
    from google.protobuf import descriptor_pb2

    file = descriptor_pb2.FileDescriptorProto(name="caffe_facts.proto", package="caffe", syntax="proto2")
    for name, words in ENUMS.items():
        # The names of an enum are the package's; those that stand in two are told apart by a message around each.
        holder = file.message_type.add(name=f"In{name}").enum_type.add(name=name)
        for place, word in enumerate(words.split()):
            holder.value.add(name=word, number=place)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for row in fields.split("; "):
            number, field, kind = row.split()
            one = message.field.add(name=field, number=int(number))
            one.label = _REPEATED if kind.startswith("*") else _OPTIONAL
            _typed(one, kind.removeprefix("*"))
    return file


def _typed(field: Any, kind: str) -> None:  # noqa: ANN401 - the same
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind in ENUMS:
        field.type, field.type_name = _ENUM, f".caffe.In{kind}.{kind}"
    else:
        field.type, field.type_name = _MESSAGE, f".caffe.{kind}"
