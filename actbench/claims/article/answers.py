"""The answer to each claim in one sentence, for the verdict that it was written for; numbers come from the run.

``{reading}``, ``{reading/setting}`` stand for an estimate, ``{reading#n}`` for the cases behind it, a format behind
``|``. Where the verdict is another one, or a number is not there, the page makes a sentence from the table alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from actbench.claims.claim import Said

ANSWERS: Mapping[str, Said] = {
    "C01": Said(
        verdict="conditional",
        en="True of convolutional networks since 2012; transformers have moved on to GELU and gated units.",
        zh="2012 年以来的卷积网络确实如此；Transformer 已改用 GELU 与门控单元。",
    ),
    "C02": Said(
        verdict="refuted",
        en="The rectifier stands in Householder's work of 1941, 60 years before the textbook that is named.",
        zh="整流函数早在 1941 年就见于 Householder 的论文，比文中所指的教科书早 60 年。",
    ),
    "C03": Said(
        verdict="not tested",
        en="The figure is not part of the text; a simulated neuron's rate over its input current follows the known "
        "curve to within {rate_against_current/largest gap to the closed form|.1%} of its top rate.",
        zh="原图不在文中；模拟神经元的发放率随输入电流的变化与已知曲线相差不到最高发放率的 "
        "{rate_against_current/largest gap to the closed form|.1%}。",
    ),
    "C04": Said(
        verdict="supported",
        en="Their energy budget lets at most 15 % of the neurons be active at once.",
        zh="他们的能量核算表明，同时活动的神经元至多占 15 %。",
    ),
    "C05": Said(
        verdict="refuted",
        en="Lennie's abstract says possibly fewer than 1 %; 1 to 4 % is the wording of Glorot, Bordes & Bengio 2011.",
        zh="Lennie 的摘要说的是可能不足 1 %；1 % 到 4 % 出自 Glorot、Bordes 与 Bengio 2011。",
    ),
    "C06": Said(
        verdict="refuted",
        en="{mlp/sgd|.0%} of the units of a network trained on digits by SGD are active at once, not under 5 %.",
        zh="在 digits 上用 SGD 训练后的网络中平均有 {mlp/sgd|.0%} 的单元同时激活，远高于 5 %。",
    ),
    "C07": Said(
        verdict="refuted",
        en="It keeps {linear|.0%} of the sums and multiples tried, purlin all: f(-1 + 1) = 0, but f(-1) + f(1) = 1.",
        zh="在所试的求和与数乘中它只满足 {linear|.0%}，purlin 则全部满足：f(-1 + 1) = 0，而 f(-1) + f(1) = 1。",
    ),
    "C08": Said(
        verdict="supported",
        en="All {pieces#n} finite inputs tried lie on two lines, of slope 0 and 1.",
        zh="所试的 {pieces#n} 个有限输入全部落在斜率为 0 和 1 的两条直线上。",
    ),
    "C09": Said(
        verdict="conditional",
        en="Cutting one side off makes {sufficient/relu|.0%} of the outputs zero, a smooth one-sided function "
        "{sufficient/silu|.0%}, and soft shrinkage of both sides {necessary/softshrink|.0%}.",
        zh="截去一侧使 {sufficient/relu|.0%} 的输出为零，平滑的单侧函数为 {sufficient/silu|.0%}，"
        "两侧软收缩则为 {necessary/softshrink|.0%}。",
    ),
    "C10": Said(
        verdict="refuted",
        en="The share of active units stays as it is: its log2 changes by {units|+.4f} a layer, not by -1; what halves "
        "is the share of active paths ({paths|+.2f}).",
        zh="激活单元的比例保持不变：其 log2 每层变化 {units|+.4f}，而不是 -1；减半的是激活路径的比例（{paths|+.2f}）。",
    ),
    "C10b": Said(
        verdict="refuted",
        en="In a trained convolutional network log2 of the active share changes by {trained/cnn_max|+.2f} a layer, "
        "not -1.",
        zh="训练后的卷积网络中，激活比例的 log2 每层变化 {trained/cnn_max|+.2f}，而不是 -1。",
    ),
    "C11": Said(
        verdict="conditional",
        en="With signs mapped it is the same run, and from zero biases without pooling the same accuracy; with biases "
        "at 1 the mirrored function changes accuracy by {everywhere/mirrored, biases at 1|+.2f}, before max pooling "
        "the turned one by {everywhere/turned by 180 degrees, max pooling|+.2f}.",
        zh="符号对应后训练过程完全一致，偏置从零开始且无池化时准确率也相同；偏置为 1 时，翻转后的准确率变化 "
        "{everywhere/mirrored, biases at 1|+.2f}，最大池化之前旋转后的变化 "
        "{everywhere/turned by 180 degrees, max pooling|+.2f}。",
    ),
    "C11b": Said(
        verdict="refuted",
        en="A turn is no multiple of ReLU; and of the multiples, at the same step size, a factor of 2 "
        "changes accuracy by {any_factor/factor 2|+.3f}, one of 4 by {any_factor/factor 4|+.2f}.",
        zh="旋转后的函数不是 ReLU 的倍数；步长相同时，系数取 2 准确率变化 {any_factor/factor 2|+.3f}，取 4 "
        "变化 {any_factor/factor 4|+.2f}。",
    ),
    "C12": Said(
        verdict="opinion",
        en="A guess at motives, which no measurement decides.",
        zh="这是对动机的猜测，测量无法裁定。",
    ),
    "C13": Said(
        verdict="refuted",
        en="Scans of over 1,000 people show no left- or right-sided brains; single functions do lie on one side.",
        zh="对 1,000 多人的脑成像研究并未发现左脑型或右脑型；只有个别功能偏于一侧。",
    ),
    "C13b": Said(
        verdict="conditional",
        en="Training raises the share of a unit's variance between classes by {happens|.2f}, but not by ReLU's doing: "
        "ReLU less tanh is {relus_doing/tanh|+.2f}.",
        zh="训练使单元方差中类间所占的份额提高 {happens|.2f}，但并非 ReLU 之功：ReLU 减 tanh 为 "
        "{relus_doing/tanh|+.2f}。",
    ),
    "C14": Said(
        verdict="inconclusive",
        en="Forward selection keeps {forward/breast_cancer|.0%} of the measurements on breast cancer and "
        "{forward/diabetes|.0%} on diabetes, and few would be under 25 %; the lasso, which keeps some that do not "
        "matter, keeps {kept/breast_cancer|.0%}.",
        zh="前向选择在乳腺癌数据上保留 {forward/breast_cancer|.0%} 的指标，在糖尿病数据上保留 {forward/diabetes|.0%}"
        "，低于 25 % 才算寥寥无几；LASSO 会留下一些无关指标，保留 {kept/breast_cancer|.0%}。",
    ),
    "C15": Said(
        verdict="refuted",
        en="Of the pixels of digits the lasso keeps {kept/digits|.0%} and forward selection {forward/digits|.0%}.",
        zh="digits 的像素中 LASSO 保留 {kept/digits|.0%}，前向选择保留 {forward/digits|.0%}。",
    ),
    "C16": Said(
        verdict="",
        en="Its AUC less that of leaky ReLU, which has no zeros, is {ranking/linear|+.3f} for linear teachers and "
        "{ranking/product|+.3f} for products; 0.02 was asked for.",
        zh="与没有零输出的 leaky ReLU 相比，AUC 之差在线性教师函数上为 {ranking/linear|+.3f}，在乘积型教师函数上为 "
        "{ranking/product|+.3f}；要求为 0.02。",
    ),
    "C17": Said(
        verdict="conditional",
        en="On noisy labels it fits better than a linear network ({linear/noisy labels, 100 epochs|+.2f}), "
        "and deep down better than the sigmoid ({sigmoid/depth 6, 100 epochs|+.2f}); against leaky ReLU, "
        "which has no zeros, no gain is seen ({control/noisy labels, 20 epochs|+.3f}).",
        zh="含噪标签上比线性网络拟合得好（{linear/noisy labels, 100 epochs|+.2f}），深层时胜过 sigmoid（{sigmoid/depth "
        "6, 100 epochs|+.2f}）；与没有零输出的 leaky ReLU 相比看不到优势（{control/noisy labels, 20 epochs|+.3f}）。",
    ),
    "C18": Said(
        verdict="supported",
        en="On XOR its accuracy is {tasks/xor|.2f} above that of a linear network.",
        zh="在 XOR 上它的准确率比线性网络高 {tasks/xor|.2f}。",
    ),
    "C19": Said(
        verdict="refuted",
        en="A random network of 8 layers has {typical/depth 8, bias zero|.2f} times the pieces of a shallow "
        "one with as many units; weights that double them with every layer exist, but are not typical.",
        zh="8 层随机网络的线性片段数是同单元数浅层网络的 {typical/depth 8, bias zero|.2f} 倍；"
        "每层翻倍的权重确实存在，但并不典型。",
    ),
    "C20": Said(
        verdict="refuted",
        en="The slope is 1 at all {above_zero#n} inputs above zero, but at zero itself the article takes 0.",
        zh="零以上的 {above_zero#n} 个输入处斜率都是 1，但在零点，文章自己取的是 0。",
    ),
    "C21": Said(
        verdict="conditional",
        en="They keep their size where sigma_w2 = 2 (He), {factor/he|.2f} a layer ({factor/he, width "
        "16|.2f} in layers of 16 units, which is open); under Glorot's initialisation a layer leaves "
        "{factor/glorot|.2f}, under torch's default {factor/torch_default|.2f}.",
        zh="sigma_w2 = 2（He）时不消失，每层乘以 {factor/he|.2f}（每层 16 个单元时为 {factor/he, "
        "width 16|.2f}，尚无定论）；Glorot 初始化下每层乘以 {factor/glorot|.2f}，torch "
        "默认初始化下乘以 {factor/torch_default|.2f}。",
    ),
    "C22": Said(
        verdict="refuted",
        en="With 2 layers the loss falls in the second half at {rate/depth 2|.2f} of its rate in the first.",
        zh="2 层网络的损失在后半程的下降速度只有前半程的 {rate/depth 2|.2f}。",
    ),
    "C23": Said(
        verdict="refuted",
        en="The weights count too: tanh's slopes are below one, and under He's weights a layer multiplies the gradient "
        "by {slope_alone/tanh, he|.2f}.",
        zh="权重同样起作用：tanh 的斜率小于 1，而在 He 权重下每层使梯度乘以 {slope_alone/tanh, he|.2f}。",
    ),
    "C24": Said(
        verdict="conditional",
        en="Under He's weights a sigmoid layer leaves {standard/he|.2f} of the gradient, at its own critical point "
        "{edge|.2f}.",
        zh="He 权重下每个 sigmoid 层只留下梯度的 {standard/he|.2f}，在其自身临界点上则为 {edge|.2f}。",
    ),
    "C25": Said(
        verdict="conditional",
        en="Plain SGD stalls in {sgd/depth 16|.0%} of networks of 16 layers and in {sgd/depth 4|.0%} of "
        "those of 4; of those of 16 Adam alone leaves {rescues/Adam, depth 16|.0%} stalled, a critical "
        "start {rescues/critical, depth 16|.0%}.",
        zh="普通 SGD 下 16 层网络有 {sgd/depth 16|.0%} 停滞，4 层有 {sgd/depth 4|.0%}；16 层时只换用 Adam 仍有 "
        "{rescues/Adam, depth 16|.0%} 停滞，从临界初始化出发则为 {rescues/critical, depth 16|.0%}。",
    ),
    "C26": Said(
        verdict="",
        en="No exponential is in it; at 2^20 float32 it is {faster/numpy, float32, 2^20|.1f} times as fast as its "
        "cheapest rival in NumPy, {faster/torch, float32, 2^20|.1f} times in torch.",
        zh="其中确实没有指数；2^20 个 float32 时，在 NumPy 中是最快对照函数的 {faster/numpy, float32, 2^20|.1f} 倍，"
        "在 torch 中是 {faster/torch, float32, 2^20|.1f} 倍。",
    ),
    "C27": Said(
        verdict="",
        en="Neither is in it, nor in its rivals' with their output kept: at 2^20 float32 its speed is "
        "{faster/numpy, float32, 2^20|.1f} times theirs in NumPy, {faster/torch, float32, 2^20|.1f} times in torch.",
        zh="确实两者都不用，对照函数若保留前向输出也不用：2^20 个 float32 时，其速度在 NumPy 中是对照函数的 "
        "{faster/numpy, float32, 2^20|.1f} 倍，在 torch 中是 {faster/torch, float32, 2^20|.1f} 倍。",
    ),
    "C28": Said(
        verdict="conditional",
        en="Under He's weights a layer multiplies the gradient by {explosion/he|.2f}, at twice their variance by "
        "{explosion/sigma_w2=4|.2f}, which is {rivals/tanh, sigma_w2=4|.2f} times tanh's factor.",
        zh="He 权重下每层使梯度乘以 {explosion/he|.2f}，方差加倍时乘以 {explosion/sigma_w2=4|.2f}，"
        "是 tanh 的 {rivals/tanh, sigma_w2=4|.2f} 倍。",
    ),
    "C29": Said(
        verdict="supported",
        en="At |x| = 10 tanh's slope is 8e-9, the logistic function's 5e-5.",
        zh="|x| = 10 处 tanh 的斜率为 8e-9，logistic 函数为 5e-5。",
    ),
    "C30": Said(
        verdict="conditional",
        en="Of a gradient through 30 layers of tanh {tanh/sigma_w2 = 1/3, 30 layers|.0e} is left at "
        "sigma_w2 = 1/3, {tanh/sigma_w2 = 1, 30 layers|.2f} at 1 and {tanh/sigma_w2 = 2, 30 layers|.1f} "
        "at 2; under the usual initialisations a sigmoid layer leaves {sigmoid/he|.2f} at most.",
        zh="梯度穿过 30 层 tanh 后，sigma_w2 = 1/3 时剩下 {tanh/sigma_w2 = 1/3, 30 "
        "layers|.0e}，1 时剩下 {tanh/sigma_w2 = 1, 30 layers|.2f}，2 时变为 "
        "{tanh/sigma_w2 = 2, 30 layers|.1f}；常用初始化下每个 sigmoid 层至多留下 {sigmoid/he|.2f}。",
    ),
    "C31": Said(
        verdict="refuted",
        en="It is the left side that is shut: of {right#n} inputs above zero none comes out as zero.",
        zh="关闭的是左侧：{right#n} 个大于零的输入没有一个输出为零。",
    ),
    "C32": Said(
        verdict="supported",
        en="{initial|.0%} of the outputs are zero at initialisation, {trained/sgd|.0%} after training with SGD.",
        zh="初始时 {initial|.0%} 的输出为零，SGD 训练后为 {trained/sgd|.0%}。",
    ),
    "C33": Said(
        verdict="refuted",
        en="Its zeros make the outputs smaller by {outputs|.1%} of what an L1 penalty does.",
        zh="这些零使输出减小的幅度只有 L1 惩罚的 {outputs|.1%}。",
    ),
    "C34": Said(
        verdict="refuted",
        en="Against leaky ReLU, which has no zeros, the gap of training and test accuracy changes by {gap|+.4f}; -0.01 "
        "was asked for.",
        zh="与没有零输出的 leaky ReLU 相比，训练与测试准确率之差变化 {gap|+.4f}；要求为 -0.01。",
    ),
    "C35": Said(
        verdict="refuted",
        en="At the tuned step size {tuned/adam|.1%} of the units die under Adam beyond those dead at the start; at "
        "a step of 0.03 it is {grid/adam 0.03|.0%}.",
        zh="在调优步长下，Adam 训练中新增死亡单元占 {tuned/adam|.1%}；步长为 0.03 时为 {grid/adam 0.03|.0%}。",
    ),
    "C36": Said(
        verdict="supported",
        en="Of the units that were ever dead {revived/sgd|.0%} came back under SGD within 20 epochs and "
        "{revived/adam|.0%} under Adam; the others had not when training ended.",
        zh="曾经死亡的单元在 20 轮内有 {revived/sgd|.0%}（SGD）或 "
        "{revived/adam|.0%}（Adam）恢复，其余到训练结束时仍未恢复。",
    ),
    "C37": Said(
        verdict="supported",
        en="From biases at which ReLU's units start dead PReLU gains {accuracy/prelu, sgd, biases at -1.5|.2f} in "
        "accuracy, and no unit is without a gradient.",
        zh="从 ReLU 单元一开始就死亡的偏置出发，PReLU 的准确率高出 {accuracy/prelu, sgd, biases at -1.5|.2f}，"
        "且没有单元失去梯度。",
    ),
    "C38": Said(
        verdict="supported",
        en="Behind it the mean lies {mean/trained|.2f} standard deviations off zero in trained networks.",
        zh="训练后的网络中，ReLU 之后的均值偏离零 {mean/trained|.2f} 个标准差。",
    ),
    "C39": Said(
        verdict="",
        en="The usual place is before ReLU; behind it accuracy is {after/4 layers|+.3f} against none at 4 layers, "
        "{after/12 layers|+.3f} at 12, and {placement/12 layers|+.3f} against before.",
        zh="通常放在 ReLU 之前；放在之后时，准确率与不用相比在 4 层为 {after/4 layers|+.3f}，12 层为 "
        "{after/12 layers|+.3f}，与放在之前相比为 {placement/12 layers|+.3f}。",
    ),
    "C40": Said(
        verdict="supported",
        en="Exactly so for all {forward#n} inputs tried.",
        zh="所试的 {forward#n} 个输入全部如此。",
    ),
    "C41": Said(
        verdict="supported",
        en="It agrees with central differences at all {chain_rule#n} pre-activations.",
        zh="在全部 {chain_rule#n} 个预激活值上与中心差分一致。",
    ),
    "C42": Said(
        verdict="supported",
        en="All {positive#n} pairs of input and gradient are handed on unchanged.",
        zh="全部 {positive#n} 组输入与梯度都原样传递。",
    ),
    "C43": Said(
        verdict="supported",
        en="All {negative#n} pairs of input and gradient give 0.",
        zh="全部 {negative#n} 组输入与梯度都得 0。",
    ),
    "C44": Said(
        verdict="supported",
        en="Difference quotients end at 0 from the left and at 1 from the right.",
        zh="差商从左侧趋于 0，从右侧趋于 1。",
    ),
    "C45": Said(
        verdict="refuted",
        en="relu(x) - relu(-x) is x, of slope 1, but the rule with 0 at 0 gives 0 there.",
        zh="relu(x) - relu(-x) 就是 x，斜率为 1，而零点取 0 的规则在那里给出 0。",
    ),
    "C46": Said(
        verdict="supported",
        en="Of {interval#n} candidates just those from 0 to 1 keep below the function.",
        zh="{interval#n} 个候选值中，恰好是 0 到 1 的那些满足条件。",
    ),
    "C47": Said(
        verdict="",
        en="Against c = 1 accuracy differs by {accuracy/blank background, c = 1|+.4f} on images whose background is "
        "0; elsewhere nearly all runs are the same to the last digit, which of {accuracy/float32, c = 1#n} pairs is "
        "no proof that harm is not just rare.",
        zh="图像背景为 0 时，与 c = 1 相比准确率相差 {accuracy/blank background, c = 1|+.4f}"
        "；其余情形几乎每对训练都逐位相同，但 {accuracy/float32, c = 1#n} 对相同并不能排除罕见的损害。",
    ),
    "C48": Said(
        verdict="supported",
        en="All {not_positive#n} pairs of input and gradient give 0.",
        zh="全部 {not_positive#n} 组输入与梯度都得 0。",
    ),
    "C49": Said(
        verdict="supported",
        en="Of {required#n} pairs of shapes a gradient of x's shape comes back just for equal ones; the class "
        "itself refuses {same_shape|.0%} of the others, not all.",
        zh="{required#n} 对形状中，只有形状相同时才得到与 x 同形的梯度；"
        "而该类拒绝了其余情形中的 {same_shape|.0%}，并非全部。",
    ),
    "C49b": Said(
        verdict="refuted",
        en="dx is the very array that was handed over, in all {its_own#n} cases; it does hold the gradient.",
        zh="在全部 {its_own#n} 种情形中，dx 就是传入的那个数组；它确实存放着梯度。",
    ),
    "C50": Said(
        verdict="conditional",
        en="It works in a plain chain and for integers; where dout is used again {residual|.0%} of the gradients are "
        "right, and of NaN inputs {nan_input|.0%} show.",
        zh="在普通链式结构和整数输入下可用；dout 被再次使用时只有 {residual|.0%} 的梯度正确，NaN 输入显现的占 "
        "{nan_input|.0%}。",
    ),
}  # fmt: skip
