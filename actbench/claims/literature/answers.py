"""The answers to published results: a sentence each, with the run's numbers."""

from __future__ import annotations

from collections.abc import Mapping

from actbench.claims.claim import Said

ANSWERS: Mapping[str, Said] = {
    "L01": Said(
        verdict="supported",
        en="{deep/3 units, 40 layers|.1%} of the networks of 3 units and 40 layers give 0 for an input, as "
        "1 - (1 - 2^-3)^40 says.",
        zh="3 个单元、40 层的网络中有 {deep/3 units, 40 layers|.1%} 对一个输入给出 0，与 1 - (1 - 2^-3)^40 相符。",
    ),
    "L02": Said(
        verdict="inconclusive",
        en="Angles are forgotten at {depth_scale|.2f} times the rate that the depth scale gives, and within 0.15 of 1 "
        "was asked for; gradients do vanish in the ordered phase ({ordered|.2f} a layer) and explode in the chaotic "
        "one ({chaotic|.2f}).",
        zh="夹角的遗忘速率为深度尺度所给速率的 {depth_scale|.2f} 倍，要求与 1 相差不超过 0.15；梯度在有序相中确实消失"
        "（每层 {ordered|.2f} 倍），在混沌相中确实爆炸（{chaotic|.2f} 倍）。",
    ),
    "L03": Said(
        verdict="supported",
        en="At the critical point of tanh a layer multiplies the gradient by {steady|.3f}.",
        zh="在 tanh 的临界点，每层使梯度变为 {steady|.3f} 倍。",
    ),
    "L04": Said(
        verdict="supported",
        en="From inputs of mean square 2 the outputs of layer 30 have variance "
        "{variance/inputs of mean square 2|.2f} and mean {mean/inputs of mean square 2|+.3f}.",
        zh="输入均方为 2 时，第 30 层输出的方差为 {variance/inputs of mean square 2|.2f}，均值为 "
        "{mean/inputs of mean square 2|+.3f}。",
    ),
    "L05": Said(
        verdict="inconclusive",
        en="That the last hidden layer moves out again was not seen, its output rises by {escapes|.2f}; it is driven "
        "to {saturates|.2f} while the first layer stays at {others|.2f}.",
        zh="未见最后一个隐藏层自行脱离饱和，其输出只上升 {escapes|.2f}；它被推到 {saturates|.2f}，而第一层保持在 "
        "{others|.2f}。",
    ),
    "L06": Said(
        verdict="supported",
        en="With the initialisation for linear units {linear|.0%} of the deep networks stall, with that for rectifiers "
        "{rectifier|.0%}.",
        zh="采用为线性单元设计的初始化，{linear|.0%} 的深层网络停滞；采用为整流单元设计的初始化则为 {rectifier|.0%}。",
    ),
    "L07": Said(
        verdict="supported",
        en="The variance of ln |h|^2 is {variance/16 units|.2f} times the exact law's in layers of 16 units, "
        "{variance/64 units|.2f} times in layers of 64.",
        zh="每层 16 个单元时，ln |h|^2 的方差为精确规律的 {variance/16 units|.2f} 倍；64 个单元时为 "
        "{variance/64 units|.2f} 倍。",
    ),
    "L08": Said(
        verdict="supported",
        en="A network of 8 layers has {depth/8 layers|.2f} times the linear regions of one layer with as many units.",
        zh="8 层网络的线性区域数为单元数相同的单层网络的 {depth/8 layers|.2f} 倍。",
    ),
    "L09": Said(
        verdict="supported",
        en="Over 12 layers log2 of the number of pieces rises by {doubles|.2f} a layer.",
        zh="12 层中，分段数的 log2 每层上升 {doubles|.2f}。",
    ),
    "L10": Said(
        verdict="supported",
        en="At layer 30 of ReLU networks 1 - c is {networks|.2f} times what their map gives, in which it falls as the "
        "square of the depth; in tanh's it falls as the depth to the power of {smooth|.2f}.",
        zh="在 ReLU 网络第 30 层，1 - c 为其映射所给值的 {networks|.2f} 倍，该映射中它按深度的平方下降；在 tanh 的"
        "映射中按深度的 {smooth|.2f} 次方下降。",
    ),
    "L11": Said(
        verdict="supported",
        en="Even with orthogonal weights the squared singular values of ReLU networks spread by "
        "{relu/orthogonal weights|.1f}; such weights leave {tanh|.0%} of the spread of tanh networks.",
        zh="即使采用正交权重，ReLU 网络奇异值平方的分散度仍为 {relu/orthogonal weights|.1f}；而 tanh 网络的分散度只剩 "
        "{tanh|.0%}。",
    ),
    "L12": Said(
        verdict="supported",
        en="A cosine of 1/2 between two inputs becomes {networks|.3f} in layer 2, and 0.609 by the kernel.",
        zh="两个输入之间 1/2 的余弦在第 2 层变为 {networks|.3f}，核函数给出 0.609。",
    ),
    "L13": Said(
        verdict="supported",
        en="relu(x) - relu(-x) is x, of slope 1; with the slope 0 at 0, as libraries have it, it gets 0 there.",
        zh="relu(x) - relu(-x) 就是 x，斜率为 1；按各库在 0 处取斜率 0 的约定，那里却得到 0。",
    ),
    "L14": Said(
        verdict="inconclusive",
        en="At 32 bits the slope at 0 changes the gradients of {single|.0%} of the networks, and 20 % to 80 % was "
        "asked for; those of {sixteen/float16|.0%} in float16, {sixteen/bfloat16|.0%} in bfloat16 and {double|.0%} "
        "at 64 bits. Whether 0 does best is open.",
        zh="32 位下，0 处的斜率改变了 {single|.0%} 的网络的梯度，而要求的是 20 % 至 80 %；float16 下为 "
        "{sixteen/float16|.0%}，bfloat16 下为 {sixteen/bfloat16|.0%}，64 位下为 {double|.0%}。取 0 是否最好尚无定论。",
    ),
    "L15": Said(
        verdict="refuted",
        en="On 200 samples a learned slope changes accuracy by {slope/prelu|+.3f}; a random one is "
        "{random/over prelu|+.3f} better than that, but not shown to be better than a fixed one "
        "({random/over leaky_relu|+.3f}).",
        zh="在 200 个样本上，学习的斜率使准确率变化 {slope/prelu|+.3f}；随机斜率比它高 {random/over prelu|+.3f}，"
        "但未能显示优于固定斜率（{random/over leaky_relu|+.3f}）。",
    ),
    "L16": Said(
        verdict="supported",
        en="Accuracy less that of tanh is {accuracy/over tanh|+.3f}, and {zeros|.0%} of the hidden outputs are 0.",
        zh="准确率与 tanh 之差为 {accuracy/over tanh|+.3f}，且 {zeros|.0%} 的隐藏层输出为 0。",
    ),
    "L17": Said(
        verdict="supported",
        en="A layer multiplies the curve's length by {chaotic|.2f} in the chaotic phase and by {ordered|.2f} in the "
        "ordered one.",
        zh="每层使曲线长度在混沌相中变为 {chaotic|.2f} 倍，在有序相中变为 {ordered|.2f} 倍。",
    ),
    "L18": Said(
        verdict="supported",
        en="The share of outputs that can be left out is larger than ReLU's by {spare/than relu|.2f}, than SiLU's by "
        "{spare/than silu|.2f}.",
        zh="可略去的输出比例比 ReLU 高 {spare/than relu|.2f}，比 SiLU 高 {spare/than silu|.2f}。",
    ),
    "L19": Said(
        verdict="supported",
        en="If the zeros of both halves are independent, 67 % in each make {independent|.0%} together.",
        zh="若两半的零相互独立，各 67 % 合起来为 {independent|.0%}。",
    ),
    "L20": Said(
        verdict="supported",
        en="From x = 8 on x silu(x) grows as x to the power of {square|.3f}.",
        zh="从 x = 8 起，x silu(x) 按 x 的 {square|.3f} 次方增长。",
    ),
    "L21": Said(
        verdict="inconclusive",
        en="Accuracy less that of GELU is {accuracy/over gelu|+.3f}, less that of Swish {accuracy/over silu|+.3f}, and "
        "better was asked for; the outputs do vary less.",
        zh="准确率与 GELU 之差为 {accuracy/over gelu|+.3f}，与 Swish 之差为 {accuracy/over silu|+.3f}，"
        "而要求的是更好；输出的方差确实较小。",
    ),
    "L22": Said(
        verdict="inconclusive",
        en="Accuracy is {accuracy/over relu|+.3f} beyond ReLU's and {accuracy/over gelu|+.3f} beyond GELU's; against "
        "Mish nothing is decided ({accuracy/over mish|+.3f}).",
        zh="准确率比 ReLU 高 {accuracy/over relu|+.3f}，比 GELU 高 {accuracy/over gelu|+.3f}；与 Mish 相比尚无定论（"
        "{accuracy/over mish|+.3f}）。",
    ),
    "L23": Said(
        verdict="supported",
        en="The share of silent units falls by {revived|.2f} in training, and accuracy is {accuracy|.2f} above that "
        "with ReLU's own slope.",
        zh="训练中无输出单元的比例下降 {revived|.2f}，准确率比采用 ReLU 自身斜率高 {accuracy|.2f}。",
    ),
}
