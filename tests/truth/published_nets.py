"""Definitions, of our own writing, of nets whose memory on a card was published: from their papers' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Drawing:
    """A definition in the making: each call adds a layer on top of the one before, or of a blob that is named."""

    def __init__(self, shape: str) -> None:
        self.layers: list[str] = []
        self.source("data", shape)

    def source(self, name: str, shape: str) -> None:
        """A blob that comes from outside."""
        dims = " ".join(f"dim: {one}" for one in shape.split())
        self.layers.append(
            f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}'
        )
        self.top = name

    @property
    def text(self) -> str:
        return "\n".join(self.layers)

    def add(self, name: str, kind: str, settings: str = "", *, bottoms: Iterable[str] = (), top: str = "") -> str:
        """Any layer; where no top is named it has the layer's name."""
        wires = "".join(f' bottom: "{one}"' for one in bottoms or (self.top,))
        self.top = top or name
        self.layers.append(f'layer {{ name: "{name}" type: "{kind}"{wires} top: "{self.top}" {settings} }}')
        return self.top

    def conv(self, name: str, outputs: int, kernel: int, more: str = "", *, bottom: str = "") -> str:
        """A convolution without anything behind it."""
        settings = f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} {more} }}"
        return self.add(name, "Convolution", settings, bottoms=(bottom,) if bottom else ())

    def relu(self) -> str:
        return self.add(f"{self.top}/relu", "ReLU", top=self.top)

    def conv_relu(self, name: str, outputs: int, kernel: int, more: str = "", *, bottom: str = "") -> str:
        self.conv(name, outputs, kernel, more, bottom=bottom)
        return self.relu()

    def norm(self) -> str:
        """BatchNorm and Scale, both in place."""
        self.add(f"{self.top}/bn", "BatchNorm", top=self.top)
        return self.add(f"{self.top}/scale", "Scale", "scale_param { bias_term: true }", top=self.top)

    def pool(self, name: str, kernel: int, stride: int, more: str = "", method: str = "MAX") -> str:
        settings = f"pooling_param {{ pool: {method} kernel_size: {kernel} stride: {stride} {more} }}"
        return self.add(name, "Pooling", settings)

    def pool_with_mask(self, name: str) -> str:
        """A pooling of 2 that also gives where its maxima were."""
        settings = "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
        wires = f'bottom: "{self.top}" top: "{name}" top: "{name}_mask"'
        self.layers.append(f'layer {{ name: "{name}" type: "Pooling" {wires} {settings} }}')
        self.top = name
        return name

    def global_pool(self, name: str) -> str:
        """The mean of each channel."""
        return self.add(name, "Pooling", "pooling_param { pool: AVE global_pooling: true }")

    def dense(self, name: str, outputs: int) -> str:
        return self.add(name, "InnerProduct", f"inner_product_param {{ num_output: {outputs} }}")

    def dense_relu(self, name: str, outputs: int) -> str:
        self.dense(name, outputs)
        self.relu()
        return self.add(f"{name}/drop", "Dropout", top=self.top)

    def split(self, count: int) -> list[str]:
        """The Split that Caffe puts behind a blob with several readers."""
        bottom = self.top
        tops = [f"{bottom}_split_{place}" for place in range(count)]
        words = "".join(f' top: "{one}"' for one in tops)
        self.layers.append(f'layer {{ name: "{bottom}_split" type: "Split" bottom: "{bottom}"{words} }}')
        return tops

    def loss(self, *bottoms: str) -> None:
        self.layers.append('layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }')
        self.add("loss", "SoftmaxWithLoss", bottoms=(*(bottoms or (self.top,)), "label"))


def vgg(drawing: Drawing, depths: tuple[int, ...], *, last_pool: bool = True) -> None:
    """The convolutions of VGG-16 (2, 2, 3, 3, 3) or VGG-19 (2, 2, 4, 4, 4)."""
    for block, (depth, width) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        for place in range(1, depth + 1):
            drawing.conv_relu(f"conv{block}_{place}", width, 3, "pad: 1")
        if last_pool or block < len(depths):
            drawing.pool(f"pool{block}", 2, 2)


def vgg16(batch: int) -> str:
    drawing = Drawing(f"{batch} 3 224 224")
    vgg(drawing, (2, 2, 3, 3, 3))
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    drawing.dense("fc8", 1000)
    drawing.loss()
    return drawing.text


def vgg19_features() -> str:
    """One image up to fc7."""
    drawing = Drawing("1 3 224 224")
    vgg(drawing, (2, 2, 4, 4, 4))
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    return drawing.text


def resnet50(batch: int) -> str:
    drawing = Drawing(f"{batch} 3 224 224")
    drawing.conv("conv1", 64, 7, "stride: 2 pad: 3")
    drawing.norm()
    drawing.relu()
    drawing.pool("pool1", 3, 2)
    for stage, (depth, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True), 2):
        for place in range(depth):
            _bottleneck(drawing, f"res{stage}{'abcdef'[place]}", width, 2 if stage > 2 and not place else 1, not place)
    drawing.pool("pool5", 7, 1, method="AVE")
    drawing.dense("fc1000", 1000)
    drawing.add("prob", "Softmax")
    return drawing.text


def _bottleneck(drawing: Drawing, name: str, width: int, stride: int, widens: bool) -> None:  # noqa: FBT001 - as drawn
    short = begun = drawing.top
    if widens:
        drawing.conv(f"{name}_branch1", 4 * width, 1, f"stride: {stride} bias_term: false", bottom=begun)
        short = drawing.norm()
    drawing.conv(f"{name}_branch2a", width, 1, f"stride: {stride} bias_term: false", bottom=begun)
    drawing.norm()
    drawing.relu()
    drawing.conv(f"{name}_branch2b", width, 3, "pad: 1 bias_term: false")
    drawing.norm()
    drawing.relu()
    drawing.conv(f"{name}_branch2c", 4 * width, 1, "bias_term: false")
    drawing.norm()
    drawing.add(name, "Eltwise", bottoms=(short, drawing.top))
    drawing.relu()


def alexnet(batch: int, *, learns: bool = True) -> str:
    """AlexNet; without a loss as it is deployed."""
    drawing = Drawing(f"{batch} 3 227 227")
    lrn = "lrn_param { local_size: 5 }"
    drawing.conv_relu("conv1", 96, 11, "stride: 4")
    drawing.add("norm1", "LRN", lrn)
    drawing.pool("pool1", 3, 2)
    drawing.conv_relu("conv2", 256, 5, "pad: 2 group: 2")
    drawing.add("norm2", "LRN", lrn)
    drawing.pool("pool2", 3, 2)
    drawing.conv_relu("conv3", 384, 3, "pad: 1")
    drawing.conv_relu("conv4", 384, 3, "pad: 1 group: 2")
    drawing.conv_relu("conv5", 256, 3, "pad: 1 group: 2")
    drawing.pool("pool5", 3, 2)
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    drawing.dense("fc8", 1000)
    if learns:
        drawing.loss()
    return drawing.text


_FIRES: Final = (16, 16, 32, 32, 48, 48, 64, 64)


def squeezenet(batch: int) -> str:
    """SqueezeNet 1.0 as it is deployed."""
    drawing = Drawing(f"{batch} 3 227 227")
    drawing.conv_relu("conv1", 96, 7, "stride: 2")
    drawing.pool("pool1", 3, 2)
    _fires(drawing, pooled=(4, 8))
    drawing.conv_relu("conv10", 1000, 1, "pad: 1")
    drawing.global_pool("pool10")
    drawing.add("prob", "Softmax")
    return drawing.text


def squeezenet_1_1(batch: int, *, learns: bool = False) -> str:
    """SqueezeNet 1.1: smaller kernels at the bottom, and its poolings come earlier; as it is deployed, or trained."""
    drawing = Drawing(f"{batch} 3 227 227")
    drawing.conv_relu("conv1", 64, 3, "stride: 2")
    drawing.pool("pool1", 3, 2)
    _fires(drawing, pooled=(3, 5))
    drawing.conv_relu("conv10", 1000, 1)
    drawing.global_pool("pool10")
    if learns:
        drawing.loss()
    else:
        drawing.add("prob", "Softmax")
    return drawing.text


def _fires(drawing: Drawing, pooled: tuple[int, int]) -> None:
    """The fire modules 2 to 9, with poolings behind two of them."""
    for place, width in enumerate(_FIRES, 2):
        squeezed = f"fire{place}/squeeze1x1"
        drawing.conv_relu(squeezed, width, 1)
        ones, threes = drawing.split(2)
        drawing.conv_relu(f"fire{place}/expand1x1", 4 * width, 1, bottom=ones)
        drawing.conv_relu(f"fire{place}/expand3x3", 4 * width, 3, "pad: 1", bottom=threes)
        parts = (f"fire{place}/expand1x1", f"fire{place}/expand3x3")
        drawing.add(f"fire{place}/concat", "Concat", bottoms=parts)
        if place in pooled:
            drawing.pool(f"pool{place}", 3, 2)
    drawing.add("drop9", "Dropout", top=drawing.top)


def mobilenet_v1(batch: int) -> str:
    """MobileNet v1 (Howard et al. 2017, table 1) up to its pooling."""
    drawing = Drawing(f"{batch} 3 224 224")
    _normed_relu(drawing, "conv1", 32, 3, "stride: 2 pad: 1")
    width = 32
    for place, (outputs, stride) in enumerate(_SEPARABLE, 2):
        _normed_relu(drawing, f"conv{place}/dw", width, 3, f"pad: 1 stride: {stride} group: {width}")
        _normed_relu(drawing, f"conv{place}/sep", outputs, 1)
        width = outputs
    drawing.global_pool("pool6")
    return drawing.text


# Of each separable block: channels and stride
_SEPARABLE: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def mobilenet_v2(batch: int) -> str:
    """MobileNet v2 (Sandler et al. 2018, table 2) up to its pooling."""
    drawing = Drawing(f"{batch} 3 224 224")
    _normed_relu(drawing, "conv1", 32, 3, "stride: 2 pad: 1")
    width, place = 32, 0
    for expansion, outputs, repeats, stride in _INVERTED:
        for repeat in range(repeats):
            place += 1
            name, begun = f"block{place}", drawing.top
            if expansion > 1:
                _normed_relu(drawing, f"{name}/expand", expansion * width, 1)
            depthwise = f"pad: 1 stride: {1 if repeat else stride} group: {expansion * width}"
            _normed_relu(drawing, f"{name}/dw", expansion * width, 3, depthwise)
            drawing.conv(f"{name}/project", outputs, 1)
            drawing.norm()
            if repeat:
                drawing.add(name, "Eltwise", bottoms=(begun, drawing.top))
            width = outputs
    _normed_relu(drawing, "conv_last", 1280, 1)
    drawing.global_pool("pool")
    return drawing.text


# Of each row of the table: expansion, channels, repeats, stride
_INVERTED: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _normed_relu(drawing: Drawing, name: str, outputs: int, kernel: int, more: str = "") -> None:
    drawing.conv(name, outputs, kernel, more)
    drawing.norm()
    drawing.relu()


def ssd300(batch: int) -> str:
    """The VGG of SSD 300 with its heads; what matches boxes is small beside them and is left away."""
    drawing = Drawing(f"{batch} 3 300 300")
    for block, (depth, width) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True), 1):
        for place in range(1, depth + 1):
            drawing.conv_relu(f"conv{block}_{place}", width, 3, "pad: 1")
        if block == 4:
            heads = [(_head(drawing, 3), 4)]
        drawing.pool(f"pool{block}", *((3, 1, "pad: 1") if block == 5 else (2, 2)))
    drawing.conv_relu("fc6", 1024, 3, "pad: 6 dilation: 6")
    drawing.conv_relu("fc7", 1024, 1)
    heads.append((_head(drawing, 3), 6))
    for place, (narrow, wide, more, boxes) in enumerate(_EXTRA, 6):
        drawing.conv_relu(f"conv{place}_1", narrow, 1)
        drawing.conv_relu(f"conv{place}_2", wide, 3, more)
        heads.append((_head(drawing, 3), boxes))
    flat = []
    for tops, boxes in heads:
        for one, what, values in zip(tops, ("loc", "conf"), (4, 21), strict=True):
            drawing.conv(f"{one}_{what}", boxes * values, 3, "pad: 1", bottom=one)
            flat.append(drawing.add(f"{one}_{what}_flat", "Flatten"))
    drawing.add("mbox", "Concat", bottoms=flat)
    drawing.loss()
    return drawing.text


# Of SSD's further blocks: channels of both convolutions, the second one's settings, boxes at each place
_EXTRA: Final = (
    (256, 512, "pad: 1 stride: 2", 6),
    (128, 256, "pad: 1 stride: 2", 6),
    (128, 256, "", 4),
    (128, 256, "", 4),
)


def _head(drawing: Drawing, readers: int) -> list[str]:
    """A blob that goes on and is read by the two convolutions of a head; these two."""
    tops = drawing.split(readers)
    drawing.top = tops[0]
    return tops[1:]


def faster_rcnn_vgg16() -> str:
    """The demo of Faster R-CNN: an image of 600 × 1000, then 300 regions."""
    drawing = Drawing("1 3 600 1000")
    vgg(drawing, (2, 2, 3, 3, 3), last_pool=False)
    features = drawing.top
    drawing.conv_relu("rpn_conv/3x3", 512, 3, "pad: 1", bottom=features)
    proposals = drawing.top
    drawing.conv("rpn_cls_score", 18, 1, bottom=proposals)
    drawing.conv("rpn_bbox_pred", 36, 1, bottom=proposals)
    drawing.source("roi_pool5", "300 512 7 7")
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    last = drawing.top
    drawing.dense("cls_score", 21)
    drawing.add("cls_prob", "Softmax")
    drawing.top = last
    drawing.dense("bbox_pred", 84)
    return drawing.text


def lenet(batch: int) -> str:
    drawing = Drawing(f"{batch} 1 28 28")
    drawing.conv("conv1", 20, 5)
    drawing.pool("pool1", 2, 2)
    drawing.conv("conv2", 50, 5)
    drawing.pool("pool2", 2, 2)
    drawing.dense("ip1", 500)
    drawing.relu()
    drawing.dense("ip2", 10)
    drawing.loss()
    return drawing.text


def cifar10(batch: int) -> str:
    """cifar10_quick."""
    drawing = Drawing(f"{batch} 3 32 32")
    for place, width in enumerate((32, 32, 64), 1):
        drawing.conv_relu(f"conv{place}", width, 5, "pad: 2")
        drawing.pool(f"pool{place}", 3, 2)
    drawing.dense("ip1", 64)
    drawing.dense("ip2", 10)
    drawing.loss()
    return drawing.text


def segnet(batch: int) -> str:
    """SegNet on 360 × 480: VGG-16's convolutions with BN, and as many in the decoder."""
    drawing = Drawing(f"{batch} 3 360 480")
    for block, (depth, width) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True), 1):
        for place in range(1, depth + 1):
            _normed(drawing, f"conv{block}_{place}", width)
        drawing.pool_with_mask(f"pool{block}")
    sizes = {5: (23, 30), 4: (45, 60), 3: (90, 120), 2: (180, 240), 1: (360, 480)}
    widths = {5: (512, 512, 512), 4: (512, 512, 256), 3: (256, 256, 128), 2: (128, 64), 1: (64,)}
    for block, (height, width) in sizes.items():
        size = f"upsample_param {{ scale: 2 upsample_h: {height} upsample_w: {width} }}"
        drawing.add(f"upsample{block}", "Upsample", size, bottoms=(drawing.top, f"pool{block}_mask"))
        for place, outputs in enumerate(widths[block]):
            _normed(drawing, f"conv{block}_{place}_D", outputs)
    drawing.conv("score", 11, 3, "pad: 1")
    drawing.loss()
    return drawing.text


def _normed(drawing: Drawing, name: str, outputs: int) -> None:
    drawing.conv(name, outputs, 3, "pad: 1")
    filler = 'scale_filler { type: "constant" value: 1 } shift_filler { type: "constant" value: 0 }'
    drawing.add(f"{name}_bn", "BN", f"bn_param {{ {filler} }}", top=drawing.top)
    drawing.relu()
