"""Layer type names through the ages, and old definitions brought to today's form.

V2 (2015 on) names a type with a string (`"Convolution"`), V1 (2014) with an enum (`CONVOLUTION`), V0
(2013) with a lower-case word inside a nested `layer` message. Source: caffe.proto
(V1LayerParameter.LayerType, V0LayerParameter) and util/upgrade_proto.cpp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.textproto import Value

V1_TYPES: Final[Mapping[str, str]] = {
    "NONE": "",
    "ABSVAL": "AbsVal",
    "ACCURACY": "Accuracy",
    "ARGMAX": "ArgMax",
    "BNLL": "BNLL",
    "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss",
    "CONVOLUTION": "Convolution",
    "DATA": "Data",
    "DECONVOLUTION": "Deconvolution",
    "DROPOUT": "Dropout",
    "DUMMY_DATA": "DummyData",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "ELTWISE": "Eltwise",
    "EXP": "Exp",
    "FLATTEN": "Flatten",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss",
    "IM2COL": "Im2col",
    "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "MVN": "MVN",
    "POOLING": "Pooling",
    "POWER": "Power",
    "RELU": "ReLU",
    "SIGMOID": "Sigmoid",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence",
    "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "SPLIT": "Split",
    "SLICE": "Slice",
    "TANH": "TanH",
    "WINDOW_DATA": "WindowData",
    "THRESHOLD": "Threshold",
    # Enums that forks of 2014 and 2015 added to V1
    "PRELU": "PReLU",
    "DUMMYDATA": "DummyData",
    "BN": "BN",
    "UPSAMPLE": "Upsample",
    "INTERP": "Interp",
    "CROP": "Crop",
    "RESHAPE": "Reshape",
}

V0_TYPES: Final[Mapping[str, str]] = {
    "accuracy": "Accuracy",
    "bnll": "BNLL",
    "concat": "Concat",
    "conv": "Convolution",
    "data": "Data",
    "dropout": "Dropout",
    "euclidean_loss": "EuclideanLoss",
    "flatten": "Flatten",
    "hdf5_data": "HDF5Data",
    "hdf5_output": "HDF5Output",
    "im2col": "Im2col",
    "images": "ImageData",
    "infogain_loss": "InfogainLoss",
    "innerproduct": "InnerProduct",
    "lrn": "LRN",
    "multinomial_logistic_loss": "MultinomialLogisticLoss",
    "padding": "Padding",
    "pool": "Pooling",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "softmax_loss": "SoftmaxWithLoss",
    "split": "Split",
    "tanh": "TanH",
    "window_data": "WindowData",
}


def canonical_type(text: str) -> str:
    """Today's name of a layer type; a name that is neither V1 nor V0 stays as it is."""
    return V1_TYPES.get(text) or V0_TYPES.get(text) or text


# V0 field → (V2 sub-message per type, field in it); "*" is for every type that is not named
_V0_FIELDS: Final[Mapping[str, tuple[Mapping[str, str], str]]] = {
    "num_output": ({"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}, "num_output"),
    "biasterm": ({"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}, "bias_term"),
    "weight_filler": ({"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}, "weight_filler"),
    "bias_filler": ({"Convolution": "convolution_param", "InnerProduct": "inner_product_param"}, "bias_filler"),
    "pad": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "pad"),
    "kernelsize": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "kernel_size"),
    "group": ({"Convolution": "convolution_param"}, "group"),
    "stride": ({"Convolution": "convolution_param", "Pooling": "pooling_param"}, "stride"),
    "pool": ({"Pooling": "pooling_param"}, "pool"),
    "dropout_ratio": ({"Dropout": "dropout_param"}, "dropout_ratio"),
    "local_size": ({"LRN": "lrn_param"}, "local_size"),
    "alpha": ({"LRN": "lrn_param"}, "alpha"),
    "beta": ({"LRN": "lrn_param"}, "beta"),
    "k": ({"LRN": "lrn_param"}, "k"),
    "concat_dim": ({"Concat": "concat_param"}, "concat_dim"),
    "source": (
        {"Data": "data_param", "HDF5Data": "hdf5_data_param", "ImageData": "image_data_param"}
        | {"WindowData": "window_data_param", "InfogainLoss": "infogain_loss_param"},
        "source",
    ),
    "batchsize": (
        {"Data": "data_param", "HDF5Data": "hdf5_data_param", "ImageData": "image_data_param"}
        | {"WindowData": "window_data_param"},
        "batch_size",
    ),
    "rand_skip": ({"Data": "data_param", "ImageData": "image_data_param"}, "rand_skip"),
    "shuffle_images": ({"ImageData": "image_data_param"}, "shuffle"),
    "new_height": ({"ImageData": "image_data_param"}, "new_height"),
    "new_width": ({"ImageData": "image_data_param"}, "new_width"),
    "scale": ({"*": "transform_param"}, "scale"),
    "meanfile": ({"*": "transform_param"}, "mean_file"),
    "cropsize": ({"*": "transform_param"}, "crop_size"),
    "mirror": ({"*": "transform_param"}, "mirror"),
}
_MOVED: Final = frozenset({"blobs_lr", "weight_decay", "param", "blob_share_mode", "type", "layer"})


def _is_old(message: Message) -> bool:
    """V1 and V0 differ from V2 in one of these; a V2 message is left alone."""
    named = message.last("type")
    old_type = isinstance(named, str) and (named in V1_TYPES or (named in V0_TYPES and "layer" in message.fields))
    string_params = any(isinstance(value, str) for value in message.all("param"))
    return old_type or string_params or any(name in message.fields for name in ("blobs_lr", "weight_decay", "layer"))


def _from_v0(message: Message) -> Message:
    """Unwrap `layers { layer { … } bottom top }` into the V1 form."""
    inner = message.child("layer")
    kind = canonical_type(inner.text("type"))
    fields: dict[str, list[Value]] = {name: values for name, values in message.fields.items() if name != "layer"}
    sub: dict[str, Message] = {}
    for name, values in inner.fields.items():
        homes, new_name = _V0_FIELDS.get(name, ({}, name))
        home = homes.get(kind, homes.get("*"))
        if home is not None:
            sub.setdefault(home, Message()).fields[new_name] = values
        elif name not in _V0_FIELDS:
            fields[name] = values
    fields.update({name: [child] for name, child in sub.items()})
    return Message(fields, complete=message.complete and inner.complete, line=message.line)


def _param_messages(message: Message) -> list[Message]:
    """`param { lr_mult decay_mult name }` from V1's parallel lists."""
    columns: dict[str, list[Value]] = {
        "name": [value for value in message.all("param") if isinstance(value, str)],
        "share_mode": message.all("blob_share_mode"),
        "lr_mult": message.all("blobs_lr"),
        "decay_mult": message.all("weight_decay"),
    }
    length = max((len(values) for values in columns.values()), default=0)
    return [
        Message({name: [values[i]] for name, values in columns.items() if i < len(values)}, line=message.line)
        for i in range(length)
    ]


def to_v2(message: Message) -> Message:
    """A layer's definition in today's form: V1 and V0 fields renamed, a V2 message unchanged.

    `blobs_lr`, `weight_decay` and string `param`s become `param { lr_mult decay_mult name }`; the type
    becomes its string. `complete` is kept.
    """
    if not _is_old(message):
        return message
    v1 = _from_v0(message) if message.children("layer") else message
    fields: dict[str, list[Value]] = {name: values for name, values in v1.fields.items() if name not in _MOVED}
    if v1.has("type"):
        fields["type"] = [canonical_type(v1.text("type"))]
    kept: list[Value] = [value for value in v1.all("param") if isinstance(value, Message)]
    params: list[Value] = kept or [*_param_messages(v1)]
    if params:
        fields["param"] = params
    return Message(fields, complete=v1.complete, line=message.line)
