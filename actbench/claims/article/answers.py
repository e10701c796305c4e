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
        en="The rectifier stands in a paper by Householder of 1941, 60 years before the textbook that the article "
        "names.",
        zh="整流函数早在 1941 年就见于 Householder 的论文，比文中所指的教科书早 60 年。",
    ),
    "C03": Said(
        verdict="not tested",
        en="The figure is not part of the text. A simulated neuron's firing rate follows its input current as the "
        "known curve does, to within {rate_against_current/largest gap to the closed form|.1%} of the top rate.",
        zh="原图不在文中，坐标轴无从核对；模拟神经元的发放率随输入电流变化，与理论曲线相差不到最高发放率的 "
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
        en="After training on handwritten digits with SGD {mlp/sgd|.0%} of a network's units are active at once; "
        "brain-like would be under 5 %.",
        zh="用 SGD 在手写数字（digits）上训练后，网络中有 {mlp/sgd|.0%} 的单元同时激活；要与大脑相近，须低于 5 %。",
    ),
    "C07": Said(
        verdict="refuted",
        en="A linear function keeps every sum and every multiple, and so does purlin, which gives its input back; ReLU "
        "keeps {linear|.0%} of those tried: f(-1 + 1) = 0, but f(-1) + f(1) = 1.",
        zh="线性函数保持一切求和与数乘，purlin（原样输出）便是如此；ReLU 在所试情形中只有 {linear|.0%} 保持：f(-1 + 1) "
        "= 0，而 f(-1) + f(1) = 1。",
    ),
    "C08": Said(
        verdict="supported",
        en="All {pieces#n} finite inputs tried lie on two straight lines, one of slope 0 and one of slope 1.",
        zh="所试的 {pieces#n} 个有限输入全部落在斜率为 0 和 1 的两条直线上。",
    ),
    "C09": Said(
        verdict="conditional",
        en="With one side cut off, as by ReLU, {sufficient/relu|.0%} of the outputs are exactly zero; with one side "
        "suppressed smoothly, as by SiLU, {sufficient/silu|.0%}; soft shrinkage, which treats both sides alike, makes "
        "{necessary/softshrink|.0%} zero.",
        zh="截去一侧（如 ReLU）使 {sufficient/relu|.0%} 的输出恰为零；平滑地抑制一侧（如 SiLU）则为 "
        "{sufficient/silu|.0%}；而对两侧一视同仁的软收缩也使 {necessary/softshrink|.0%} 的输出为零。",
    ),
    "C10": Said(
        verdict="refuted",
        en="The share of active units stays as it is: its log2 changes by {units|+.4f} a layer, where halving would be "
        "-1. What halves is the share of paths whose units are all active ({paths|+.2f}).",
        zh="激活率逐层不变：每加一层，其 log2 只变化 {units|+.4f}，而减半应为 -1。真正减半的，是途经单元全部激"
        "活的路径所占的比例（{paths|+.2f}）。",
    ),
    "C10b": Said(
        verdict="refuted",
        en="In a trained convolutional network log2 of the share of active units changes by {trained/cnn_max|+.2f} a "
        "layer, where halving would be -1.",
        zh="在训练后的卷积网络中，激活率的 log2 每层变化 {trained/cnn_max|+.2f}，而减半应为 -1。",
    ),
    "C11": Said(
        verdict="conditional",
        en="With the signs of the weights changed along it is the very same run, and from zero biases without pooling "
        "accuracy is the same. With biases that start at 1, mirroring changes accuracy by "
        "{everywhere/mirrored, biases at 1|+.2f}; with max pooling behind it, turning does by "
        "{everywhere/turned by 180 degrees, max pooling|+.2f}.",
        zh="权重的符号随函数一并改变时，训练过程完全相同；偏置从零开始且没有池化时，准确率也相同。偏置从 1 开始时，左"
        "右翻转使准确率变化 {everywhere/mirrored, biases at 1|+.2f}；后接最大池化时，旋转使准确率变化 "
        "{everywhere/turned by 180 degrees, max pooling|+.2f}。",
    ),
    "C11b": Said(
        verdict="refuted",
        en="A turned ReLU is no multiple of ReLU. And the factor counts: at the same step size twice ReLU (factor 2) "
        "changes accuracy by {any_factor/factor 2|+.3f}, a factor of 4 by {any_factor/factor 4|+.2f}.",
        zh="旋转后的 ReLU 不是 ReLU 的常数倍。系数大小也有影响：步长相同时，系数取 2 使准确率变化 "
        "{any_factor/factor 2|+.3f}，取 4 则变化 {any_factor/factor 4|+.2f}。",
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
        en="Units do specialise: in training the part of a unit's variance that lies between classes grows by "
        "{happens|.2f}. ReLU is not the cause: it does not grow by more than with tanh (difference "
        "{relus_doing/tanh|+.2f}).",
        zh="单元确有分工：训练使单元的方差中来自类别之间的份额提高 {happens|.2f}。但这并非 ReLU 所致：提高的幅度并不大"
        "于 tanh（相差 {relus_doing/tanh|+.2f}）。",
    ),
    "C14": Said(
        verdict="inconclusive",
        en="Forward selection, which adds measurements while they help, keeps {forward/breast_cancer|.0%} of them on "
        "breast cancer and {forward/diabetes|.0%} on diabetes; few would be under 25 %. The lasso, which keeps some "
        "that do not matter, keeps {kept/breast_cancer|.0%} on breast cancer.",
        zh="前向选择逐个加入有帮助的指标，在乳腺癌数据上保留 {forward/breast_cancer|.0%}，在糖尿病数据上保留 "
        "{forward/diabetes|.0%}；低于 25 % 才算寥寥无几。LASSO 会留下一些无关指标，在乳腺癌数据上保留 "
        "{kept/breast_cancer|.0%}。",
    ),
    "C15": Said(
        verdict="refuted",
        en="Of the pixels of handwritten digits the lasso keeps {kept/digits|.0%} and forward selection "
        "{forward/digits|.0%}; few would be under 25 %.",
        zh="手写数字（digits）的像素中，LASSO 保留 {kept/digits|.0%}，前向选择保留 {forward/digits|.0%}；低于 25 % 才"
        "算为数不多。",
    ),
    "C16": Said(
        verdict="",
        en="A network's gradients rank the features, and the ranking is scored from 0.5 (chance) to 1 (perfect). "
        "ReLU's score minus that of leaky ReLU, which makes no zeros, is {ranking/linear|+.3f} for linear targets and "
        "{ranking/product|+.3f} for products; better would be 0.02 or more.",
        zh="按网络对输入的梯度给特征排序，并以 AUC 打分：0.5 为随机，1 为有用特征全部在前。ReLU 的得分减去不产生零的 "
        "leaky ReLU 的得分，目标为线性函数时是 {ranking/linear|+.3f}，为乘积时是 {ranking/product|+.3f}；至少 0.02 才"
        "算更好。",
    ),
    "C17": Said(
        verdict="conditional",
        en="Where labels are noisy a ReLU network reaches a training accuracy {linear/noisy labels, 100 epochs|.2f} "
        "beyond a linear one's, and with 6 layers {sigmoid/depth 6, 100 epochs|.2f} beyond that of sigmoid units. But "
        "sparsity is not why: against leaky ReLU, which makes no zeros, the difference is "
        "{control/noisy labels, 20 epochs|+.3f}.",
        zh="标签含噪时，ReLU 网络的训练准确率比线性网络高 {linear/noisy labels, 100 epochs|.2f}；6 层时比 sigmoid 网络"
        "高 {sigmoid/depth 6, 100 epochs|.2f}。但原因不在稀疏：与不产生零的 leaky ReLU 相比，相差 "
        "{control/noisy labels, 20 epochs|+.3f}。",
    ),
    "C18": Said(
        verdict="supported",
        en="On the XOR task a ReLU network's accuracy is {tasks/xor|.2f} above that of a linear one.",
        zh="在 XOR 任务上，ReLU 网络的准确率比线性网络高 {tasks/xor|.2f}。",
    ),
    "C19": Said(
        verdict="refuted",
        en="A random network of 8 layers has {typical/depth 8, bias zero|.2f} times as many linear pieces as a shallow "
        "one with as many units; weights that double the pieces with every layer exist, but are not typical.",
        zh="8 层随机网络的线性片段数只是同单元数浅层网络的 {typical/depth 8, bias zero|.2f} 倍；使片段数每层翻倍的权重"
        "确实存在，但并不典型。",
    ),
    "C20": Said(
        verdict="refuted",
        en="The slope is 1 at all {above_zero#n} inputs above zero that were tried, but at zero itself the article "
        "takes 0.",
        zh="所试的 {above_zero#n} 个大于零的输入处斜率都是 1，但在零点，文章自己取的是 0。",
    ),
    "C21": Said(
        verdict="conditional",
        en="Under He's initialisation, which is made for ReLU, gradients keep their size: a layer multiplies them by "
        "{factor/he|.2f} ({factor/he, width 16|.2f} in layers of 16 units, where the question is open). Under "
        "Glorot's a layer leaves {factor/glorot|.2f} of them, under torch's default {factor/torch_default|.2f}.",
        zh="用专为 ReLU 设计的 He 初始化时，梯度大小保持不变：每层乘以 {factor/he|.2f}（每层 16 个单元时为 "
        "{factor/he, width 16|.2f}，尚无定论）。用 Glorot 初始化时每层只剩 {factor/glorot|.2f}，用 torch 默认初始化时"
        "只剩 {factor/torch_default|.2f}。",
    ),
    "C22": Said(
        verdict="refuted",
        en="In networks of 2 layers the log of the training loss falls in the second half of training at "
        "{rate/depth 2|.2f} of its rate in the first half; steady would be 0.8 to 1.25.",
        zh="2 层网络训练损失的对数，后半程的下降速度只有前半程的 {rate/depth 2|.2f}；0.8 到 1.25 才算平稳。",
    ),
    "C23": Said(
        verdict="refuted",
        en="The weights count too: tanh's slopes are below one, and yet under He's initialisation a layer multiplies "
        "the gradient by {slope_alone/tanh, he|.2f}.",
        zh="权重同样起作用：tanh 的斜率小于一，但用 He 初始化时每层仍使梯度乘以 {slope_alone/tanh, he|.2f}。",
    ),
    "C24": Said(
        verdict="conditional",
        en="Under He's initialisation a layer of sigmoid units leaves {standard/he|.2f} of the gradient; under one "
        "chosen so that gradients neither grow nor shrink it leaves {edge|.2f}.",
        zh="用 He 初始化时，每个 sigmoid 层只留下梯度的 {standard/he|.2f}；若按使梯度既不增长也不衰减的方式（临界初始"
        "化）选取权重，则留下 {edge|.2f}。",
    ),
    "C25": Said(
        verdict="conditional",
        en="Under plain SGD {sgd/depth 16|.0%} of the networks of 16 layers stall and {sgd/depth 4|.0%} of those of 4. "
        "With 16 layers Adam alone still leaves {rescues/Adam, depth 16|.0%} stalled; a start at which gradients "
        "neither grow nor shrink leaves {rescues/critical, depth 16|.0%}.",
        zh="用普通 SGD 训练时，16 层网络有 {sgd/depth 16|.0%} 停滞，4 层有 {sgd/depth 4|.0%}。16 层时只换用 Adam 仍有 "
        "{rescues/Adam, depth 16|.0%} 停滞；从梯度既不增长也不衰减的权重（临界初始化）出发，则为 "
        "{rescues/critical, depth 16|.0%}。",
    ),
    "C26": Said(
        verdict="",
        en="There is indeed no exponential in it. On 2^20 numbers in float32 its speed is "
        "{faster/numpy, float32, 2^20|.1f} times that of the fastest of sigmoid, tanh and softplus in NumPy, and "
        "{faster/torch, float32, 2^20|.1f} times in torch.",
        zh="其中确实没有指数运算。对 2^20 个 float32 数，它的速度在 NumPy 中是 sigmoid、tanh 与 softplus 中最快者的 "
        "{faster/numpy, float32, 2^20|.1f} 倍，在 torch 中是 {faster/torch, float32, 2^20|.1f} 倍。",
    ),
    "C27": Said(
        verdict="",
        en="Neither is in it, but neither is in that of sigmoid and tanh where their output is kept: on 2^20 numbers "
        "in float32 its speed is {faster/numpy, float32, 2^20|.1f} times that of the faster of them in NumPy, and "
        "{faster/torch, float32, 2^20|.1f} times in torch.",
        zh="其中确实两者都没有，但 sigmoid 与 tanh 若保留前向输出也不需要：对 2^20 个 float32 数，它的速度在 NumPy 中"
        "是两者中较快者的 {faster/numpy, float32, 2^20|.1f} 倍，在 torch 中是 {faster/torch, float32, 2^20|.1f} 倍。",
    ),
    "C28": Said(
        verdict="conditional",
        en="Under He's initialisation a layer multiplies the gradient by {explosion/he|.2f}. With weights of twice "
        "that variance it does by {explosion/sigma_w2=4|.2f}, which is {rivals/tanh, sigma_w2=4|.2f} times the factor "
        "of a tanh layer.",
        zh="用 He 初始化时，每层使梯度乘以 {explosion/he|.2f}。权重方差加倍时则乘以 {explosion/sigma_w2=4|.2f}，是 "
        "tanh 层的 {rivals/tanh, sigma_w2=4|.2f} 倍。",
    ),
    "C29": Said(
        verdict="supported",
        en="At |x| = 10 the slope of tanh is down to 8e-9, that of the logistic function to 5e-5.",
        zh="在 |x| = 10 处，tanh 的斜率已降到 8e-9，logistic 函数的斜率已降到 5e-5。",
    ),
    "C30": Said(
        verdict="conditional",
        en="Behind 30 layers of tanh {tanh/sigma_w2 = 1/3, 30 layers|.0e} of the gradient is left with weights as "
        "small as torch's default, {tanh/sigma_w2 = 1, 30 layers|.2f} with those of Glorot's size, and "
        "{tanh/sigma_w2 = 2, 30 layers|.1f} with those of He's; under the usual initialisations a sigmoid layer "
        "leaves {sigmoid/he|.2f} at most.",
        zh="梯度穿过 30 层 tanh 后，权重小到 torch 默认的大小时剩下 {tanh/sigma_w2 = 1/3, 30 layers|.0e}，为 Glorot 的"
        "大小时剩下 {tanh/sigma_w2 = 1, 30 layers|.2f}，为 He 的大小时变为 {tanh/sigma_w2 = 2, 30 layers|.1f}；常用初"
        "始化下每个 sigmoid 层至多留下 {sigmoid/he|.2f}。",
    ),
    "C31": Said(
        verdict="refuted",
        en="It is the left side that is shut: of {right#n} inputs above zero that were tried none comes out as zero.",
        zh="关闭的是左侧：所试的 {right#n} 个大于零的输入没有一个输出为零。",
    ),
    "C32": Said(
        verdict="supported",
        en="{initial|.0%} of the hidden layers' outputs are zero at initialisation, and {trained/sgd|.0%} after "
        "training with SGD.",
        zh="隐藏层的输出在初始时有 {initial|.0%} 为零，用 SGD 训练后有 {trained/sgd|.0%} 为零。",
    ),
    "C33": Said(
        verdict="refuted",
        en="An L1 penalty on the outputs makes them smaller; the zeros of ReLU do {outputs|.1%} of that.",
        zh="对输出施加 L1 惩罚会使输出变小；ReLU 的零所起的作用只有其 {outputs|.1%}。",
    ),
    "C34": Said(
        verdict="refuted",
        en="Against leaky ReLU, which makes no zeros, the gap between training and test accuracy changes by {gap|+.4f}"
        "; relief would be a change below -0.01.",
        zh="与不产生零的 leaky ReLU 相比，训练与测试准确率之差变化 {gap|+.4f}；低于 -0.01 才算减轻。",
    ),
    "C35": Said(
        verdict="refuted",
        en="Under Adam at its best step size {tuned/adam|.1%} of the units die that were not dead from the start; "
        "easily would be above 5 %. At a step size of 0.03 it is {grid/adam 0.03|.0%}.",
        zh="用 Adam 在最佳步长下训练，新死亡的单元占 {tuned/adam|.1%}；超过 5 % 才算容易死亡。步长为 0.03 时为 "
        "{grid/adam 0.03|.0%}。",
    ),
    "C36": Said(
        verdict="supported",
        en="Of the units that were ever dead {revived/sgd|.0%} came back under SGD within 20 epochs and "
        "{revived/adam|.0%} under Adam; the others had not when training ended.",
        zh="曾经死亡的单元在 20 轮内有 {revived/sgd|.0%}（SGD）或 {revived/adam|.0%}（Adam）恢复，其余到训练结束时仍未"
        "恢复。",
    ),
    "C37": Said(
        verdict="supported",
        en="Started from biases at which ReLU's units are dead, networks of PReLU reach an accuracy "
        "{accuracy/prelu, sgd, biases at -1.5|.2f} higher, and none of their units is without a gradient.",
        zh="从 ReLU 单元一开始就死亡的偏置出发，PReLU 网络的准确率高出 {accuracy/prelu, sgd, biases at -1.5|.2f}，且没"
        "有单元失去梯度。",
    ),
    "C38": Said(
        verdict="supported",
        en="In trained networks the mean of ReLU's outputs lies {mean/trained|.2f} standard deviations off zero.",
        zh="在训练后的网络中，ReLU 输出的均值偏离零 {mean/trained|.2f} 个标准差。",
    ),
    "C39": Said(
        verdict="",
        en="Usually it stands before ReLU. Behind ReLU it changes accuracy by {after/4 layers|+.3f} over none at 4 "
        "layers and by {after/12 layers|+.3f} at 12, there by {placement/12 layers|+.3f} over standing before.",
        zh="批归一化通常放在 ReLU 之前。放在之后时，准确率与不用相比，4 层网络变化 {after/4 layers|+.3f}，12 层网络变"
        "化 {after/12 layers|+.3f}，而与放在之前相比变化 {placement/12 layers|+.3f}。",
    ),
    "C40": Said(
        verdict="supported",
        en="All {forward#n} inputs that were tried are handed on like that.",
        zh="所试的 {forward#n} 个输入全部如此传递。",
    ),
    "C41": Said(
        verdict="supported",
        en="With that derivative as dout, backward gives the gradients that finite differences find, all "
        "{chain_rule#n} of them.",
        zh="以这一导数作为 dout，backward 给出的 {chain_rule#n} 个梯度全部与有限差分一致。",
    ),
    "C42": Said(
        verdict="supported",
        en="In all {positive#n} pairs of input and gradient that were tried the gradient is unaltered.",
        zh="所试的 {positive#n} 组输入与梯度中，梯度全部原样通过。",
    ),
    "C43": Said(
        verdict="supported",
        en="In all {negative#n} pairs of input and gradient that were tried output and gradient come out as 0.",
        zh="所试的 {negative#n} 组输入与梯度中，输出与回传的梯度全部为 0。",
    ),
    "C44": Said(
        verdict="supported",
        en="Difference quotients at zero tend to 0 from the left and to 1 from the right.",
        zh="零点处的差商从左侧趋于 0，从右侧趋于 1。",
    ),
    "C45": Said(
        verdict="refuted",
        en="relu(x) - relu(-x) is x, whose slope is 1; but with 0 as ReLU's slope at zero the chain rule gives 0 "
        "there.",
        zh="relu(x) - relu(-x) 就是 x，斜率为 1；但 ReLU 在零点的斜率取 0 时，链式法则在那里给出 0。",
    ),
    "C46": Said(
        verdict="supported",
        en="Of {interval#n} numbers c that were tried just those from 0 to 1 make a line c x that lies nowhere above "
        "ReLU.",
        zh="所试的 {interval#n} 个 c 中，恰好是 0 到 1 的那些使直线 c x 处处不高于 ReLU。",
    ),
    "C47": Said(
        verdict="",
        en="On images whose background is 0, taking slope 0 at zero and not 1 changes accuracy by "
        "{accuracy/blank background, c = 1|+.4f}. Elsewhere nearly all runs are the same to the last digit; but "
        "{accuracy/float32, c = 1#n} equal pairs are no proof that harm is not just rare.",
        zh="图像背景为 0 时，零点斜率取 0 而不取 1，准确率变化 {accuracy/blank background, c = 1|+.4f}。其余情形几乎每"
        "对训练都逐位相同；但 {accuracy/float32, c = 1#n} 对相同并不能排除罕见的损害。",
    ),
    "C48": Said(
        verdict="supported",
        en="In all {not_positive#n} pairs of input and gradient that were tried it is so.",
        zh="所试的 {not_positive#n} 组输入与梯度全部如此。",
    ),
    "C49": Said(
        verdict="supported",
        en="Of {required#n} pairs of shapes just the equal ones give a gradient of the input's shape. But the class "
        "does not see to it: it refuses {same_shape|.0%} of the others, not all.",
        zh="{required#n} 对形状中，只有形状相同时才得到与输入同形的梯度。但该类并不保证这一点：其余情形中它只拒绝 "
        "{same_shape|.0%}，并非全部。",
    ),
    "C49b": Said(
        verdict="refuted",
        en="It is no tensor of its own: in all {its_own#n} cases dx is the very array dout that was handed in, "
        "overwritten. It does hold the gradient.",
        zh="它并非专门的张量：在全部 {its_own#n} 种情形中，dx 就是传入的数组 dout，只是被改写了。它确实存放着梯度。",
    ),
    "C50": Said(
        verdict="conditional",
        en="It works in a plain chain of layers and for integers. Where the array dout is used again by others it "
        "overwrites it, and {residual|.0%} of the gradients are right; of NaN inputs {nan_input|.0%} show in the "
        "gradient.",
        zh="在普通的链式结构中以及对整数输入，它是管用的。若数组 dout 还要在别处使用，则因它已被改写，只有 "
        "{residual|.0%} 的梯度正确；NaN 输入在梯度中显现的占 {nan_input|.0%}。",
    ),
}  # fmt: skip
