"""What an audit says of somebody's code, in Chinese: the parts of a sentence, and the names of classes."""

from __future__ import annotations

import functools
import re

CLASSES = {
    "value": "数值错误", "digits": "有效位丢失", "lost": "结果归零", "overflow": "中间溢出",
    "subnormal": "次正规数清零", "narrow": "精度不足", "truncation": "截断", "rounding": "舍入方向", "limit": "极限",
    "nan": "吞掉 NaN",
    "signed zero": "零的符号", "kink": "折点斜率", "linear": "对 dy 非线性", "second derivative": "二阶导数",
    "monotone": "单调性", "symmetry": "对称性", "bounds": "越界", "shape": "形状", "dtype": "数据类型",
    "raises": "抛出异常", "length": "依赖元素个数", "alignment": "依赖内存起点", "in place": "原地计算",
    "layout": "依赖内存布局", "neighbours": "依赖其他元素", "state": "带有状态", "mutation": "改写输入",
    "read-only": "锁定输入", "aliasing": "共用内存", "name": "名不副实", "defaults": "默认参数", "gate": "门控单元",
    "crash": "异常结束", "reference": "参考有误",
}  # fmt: skip
PASSES = {"forward": "前向", "backward": "反向", "second": "二阶"}

# English with {} for what is said inside, in the order in which they are tried; {0}, {1} where Chinese has another one
PARTS = {
    "every input that was tried: {}": "所试的每个输入：{}",
    "inputs of the whole format: {}": "该格式的全部输入：{}",
    "raises {}: {}": "抛出 {}：{}",
    "raises {}": "抛出 {}",
    "takes other arguments than one array ({}); bind the rest, as {}; {}":
        "需要的参数不止一个数组（{}）；请绑定其余参数，如 {}；{}",
    "a gate of two inputs: audit or identify": "若是两个输入的门控单元，请用 audit 或 identify",
    "an activation takes one array and returns one of the same shape and dtype":
        "激活函数接收一个数组，返回形状与数据类型相同的数组",
    "calls itself without end": "无限递归",
    "needs more memory than it may have (8 GB)": "所需内存超过上限（8 GB）",
    "decides with if, and, or, min or max on a whole array; write {}":
        "对整个数组用 if、and、or、min 或 max 作判断；请改写为 {}",
    "decides with if on a whole tensor; write {}": "对整个张量用 if 作判断；请改写为 {}",
    "decides with if on a traced value of jax; write {}": "对 jax 的追踪值用 if 作判断；请改写为 {}",
    "is written for one number (math.*, float()); write the array's function, as np.exp for math.exp":
        "只适用于单个数（math.*、float()）；请改用数组函数，如以 np.exp 代替 math.exp",
    "calls NumPy on a traced value of jax; write jnp functions": "对 jax 的追踪值调用了 NumPy；请改用 jnp 的函数",
    "needs the number behind a traced value of jax; write jnp functions and jnp.where":
        "需要 jax 追踪值背后的数；请改用 jnp 的函数与 jnp.where",
    "maps over the first axis alone (jax.vmap); give the function of arrays, or jnp.vectorize(f)":
        "只沿第一个轴映射（jax.vmap）；请给出数组的函数，或 jnp.vectorize(f)",
    "is no ONNX model, or a part of one; export it again": "不是 ONNX 模型，或不完整；请重新导出",
    "is an ONNX model that onnxruntime refuses; onnx.checker.check_model says where":
        "是 onnxruntime 拒绝的 ONNX 模型；onnx.checker.check_model 会指出原因",
    "is an ONNX model that fails at its own shapes or memory; run it to see where":
        "该 ONNX 模型因自身的形状或内存而失败；运行它即可看到原因",
    "is a torch.autograd.Function; give its .apply": "是 torch.autograd.Function；请给出它的 .apply",
    "np.vectorize gives all results the type of the first; write {}, or np.where":
        "np.vectorize 让所有结果都取第一个结果的类型；请改写为 {}，或 np.where",
    "the first element decides the type of all results ({})": "第一个元素决定了所有结果的类型（{}）",
    "names something of type {}, which cannot be called; give a function, a class or a row":
        "所指对象的类型是 {}，不能调用；请给出函数、类或条目",
    "class {} has no {} and no {}; give it forward and backward": "类 {} 缺少 {} 与 {}；请补上 forward 与 backward",
    "class {} has no {}; give it forward and backward": "类 {} 缺少 {}；请补上 forward 与 backward",
    "class {} needs {}; give an object, as {}": "类 {} 需要参数 {}；请给出对象，如 {}",
    "backward({}) is called with {} alone; keep {} in forward, as {}":
        "backward({}) 只会收到 {}；请在 forward 中保存 {}，如 {}",
    "{} is a function along an axis, no elementwise one": "{} 沿一个轴计算，不是逐元素的函数",
    "names no row; say --like NAME": "名称不对应任何条目；请用 --like NAME 指明",
    "{}; nearest is {}, off by {} at x = {}": "{0}；最接近的是 {1}，在 x = {3} 处相差 {2}",
    "is no function of the catalogue; {} is but a part of its name": "不是目录中的函数；{} 只是其名称的一部分",
    "is no function of the catalogue": "不是目录中的函数",
    "is no slope of {}": "不是 {} 的斜率",
    "has no forward pass": "没有前向传播",
    "gives nothing": "没有结果",
    "gives the shape {}; {} is right for an array of {}": "给出形状 {0}；对形状为 {2} 的数组应为 {1}",
    "gives the shape {} for {}: neither an activation nor a gate": "对形状 {1} 给出 {0}：既非激活函数，也非门控单元",
    "gives {} for {}": "对 {1} 给出 {0}",
    "holds no activation that is known by name or values": "其中没有按名称或数值可辨认的激活函数",
    "{} takes two inputs, or one array that it halves; this one does not":
        "{} 接收两个输入，或接收一个数组并把它分成两半；此对象不是",
    "cannot be called with one array or with two: {}": "用一个或两个数组都无法调用：{}",
    "it answers nothing": "没有结果",
    "draws from or reseeds a global random generator; an activation is a function of x alone":
        "使用或重置了全局随机数发生器；激活函数只取决于 x",
    # of arrays
    "{} -> 2 numbers, of which {} makes one; it is {}": "{} -> 2 个数，而 {} 只给出一个；它是{}",
    "no row of the catalogue": "目录中没有的函数",
    "no function of the catalogue": "目录中没有的函数",
    "{} and computes {}": "{}，计算的却是 {}",
    "the result is the input's memory": "结果就是输入的内存",
    "a later call overwrites an earlier result": "后一次调用会改写前一次的结果",
    "called again": "再次调用",
    "called many times,": "多次调用",
    "called with an array of the same ends before,": "先用首尾元素相同的数组调用过",
    "with another object called in between": "其间调用另一个对象",
    "bytes swapped": "字节序相反",
    "called with other inputs before,": "先用其他输入调用过",
    "the order reversed": "顺序颠倒",
    "1 x 24": "形状 1 x 24", "24 x 1": "形状 24 x 1", "2 x 3 x 4": "形状 2 x 3 x 4", "0 x 3": "形状 0 x 3",
    "every other column": "每隔一列",
    "Fortran order": "Fortran 顺序",
    "x and y are one array": "x 与 y 是同一数组",
    "an infinity in the array": "数组中有无穷", "NaN in the array": "数组中有 NaN", "zeros in the array": "数组中有零",
    "{} in the array": "数组中有 {}",
    "1 byte in": "偏移 1 字节",
    "{} elements in": "偏移 {} 个元素",
    "answers {} in another format": "对 {} 以另一种格式给出结果",
    "{} and {}": "{} 与 {}",
    "{}; {}": "{}；{}",
    "{}, by default {} ({})": "{}，默认为 {}（{}）",
    "{}, by default {}": "{}，默认为 {}",
    "{} of x = {}": "{}，在 x = {} 中",
    "{} of an array of {}": "{}，在长度为 {} 的数组中",
    "{} (no gate of the catalogue)": "{}（目录中没有的门控单元）",
    "{} (dy is not used at all)": "{}（完全没有用到 dy）",
    "dy = {}": "dy = {}",
    "away from 0": "远离 0", "down": "向下", "up": "向上",
    "odd": "奇函数", "even": "偶函数",
    # of processes
    "leaves something running that later {}": "留下仍在运行的线程或进程，它之后{}",
    "cannot be loaded: {}": "无法载入：{}",
    "does not return within {}": "在 {} 内没有返回", "does not return": "没有返回",
    "ends its process ({}) ({})": "使进程终止（{}，{}）", "ends its process ({})": "使进程终止（{}）",
    "exit status {}": "退出状态 {}", "signal {}": "信号 {}",
    "second derivative {}": "二阶导数 {}", "all float32, {}": "全部 float32，{}", "arrays": "数组",
    "forward {}": "前向 {}", "backward {}": "反向 {}",
    # a case of an array and what became of it; a whole and its stage
    "0-d: {}": "零维：{}", "empty: {}": "空数组：{}", "broadcast: {}": "广播：{}", "{}: {}": "{}：{}",
    "0-d": "零维", "empty": "空数组", "broadcast": "广播",
    "{} ({})": "{}（{}）",
}  # fmt: skip
THEIRS = "raises "  # what somebody's code itself said stays as it is


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each part as an expression that takes as little as it can for each of its places but the last."""
    return tuple((re.compile("(.+?)".join(map(re.escape, english.split("{}")))), english) for english in PARTS)


def in_chinese(text: str) -> str:
    """A finding's detail or the reason why something is not judged; what is not known stays as it is.

    >>> in_chinese("0-d: raises IndexError: invalid index to scalar variable.")
    '零维：抛出 IndexError：invalid index to scalar variable.'
    """
    for pattern, english in _patterns():
        if match := pattern.fullmatch(text):
            own = not english.startswith(THEIRS)
            return spaced(PARTS[english].format(*(in_chinese(part) if own else part for part in match.groups())))
    return text


def spaced(text: str) -> str:
    """A sentence without spaces between Chinese characters or behind full-width marks, where its parts were joined."""
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])|(?<=[）：，；]) ", "", text)
