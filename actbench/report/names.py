"""The names of readings and settings for people, where their own are not plain enough; of one claim's behind its id."""

from __future__ import annotations

from collections.abc import Mapping

READINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "relus_doing": "ReLU's doing", "cnn": "CNN", "mlp": "perceptron", "sgd": "plain SGD",
        "deep_sgd": "deep, plain SGD", "nan_input": "NaN", "its_own": "its own array", "minus_one": "factor -1",
        "chi_1": "sqrt(chi_1)", "made_for_it": "the initialisation made for it", "edge": "edge of chaos",
        "C09 necessary": "zeros where both sides are treated alike",
        "C09 sufficient": "zeros where one side is suppressed",
        "C11 gauge": "gap of the losses, signs of weights changed along",
        "C11 seeds": "gap of accuracy, other random starts",
        "C11 everywhere": "gap of accuracy, other biases or max pooling",
        "C13b happens": "rise of the variance between classes in training",
        "C13b relus_doing": "that rise beyond other functions'", "C14 kept": "share kept by the lasso",
        "C14 forward": "share kept by forward selection", "C15 kept": "share kept by the lasso",
        "C15 forward": "share kept by forward selection", "C17 control": "accuracy beyond leaky ReLU's",
        "C17 linear": "accuracy beyond a linear network's", "C17 sigmoid": "accuracy beyond a sigmoid network's",
        "C17 smooth": "accuracy beyond smooth functions'", "C21 factor": "the gradient's factor a layer",
        "C24 standard": "the gradient's factor a sigmoid layer", "C24 rivals": "that factor over tanh's and ReLU's",
        "C24 edge": "that factor at the edge of chaos, where gradients keep their size",
        "C25 sgd": "networks that stall under plain SGD", "C25 rescues": "networks that stall in spite of a remedy",
        "C26 census": "exponentials, logarithms, divisions and roots in it",
        "C26 faster": "speed over that of the fastest of sigmoid, tanh and softplus",
        "C27 census": "exponentials and divisions in it",
        "C27 faster": "speed over that of the faster of sigmoid and tanh",
        "C28 explosion": "the gradient's factor a layer", "C28 rivals": "that factor over tanh's and the sigmoid's",
        "C30 sigmoid": "the gradient's factor a sigmoid layer", "C30 tanh": "what tanh layers leave of the gradient",
        "C39 common": "placed behind ReLU", "C39 after": "accuracy behind ReLU less that without",
        "C39 placement": "accuracy behind ReLU less that before it",
        "C50 chain": "right gradients in a plain chain of layers",
        "C50 residual": "right gradients where dout is used again",
        "C50 fan_out": "right gradients where one output feeds several layers",
        "C50 forward_twice": "right gradients where one object is called twice",
        "C50 nan_input": "NaN inputs that show in the gradient", "C50 integer": "right results for integers",
        "C50 read_only": "right gradients where dout is read-only",
    },
    "zh": {
        "chaotic": "混沌相", "deep": "深层", "depth_scale": "深度尺度", "double": "64 位", "doubles": "翻倍",
        "escapes": "脱离", "independent": "独立", "kernel": "核函数", "law": "精确规律", "networks": "实测网络",
        "ordered": "有序相", "others": "其他层", "random": "随机斜率", "rectifier": "整流初始化",
        "relu": "ReLU", "saturates": "饱和", "sixteen": "16 位", "slope": "负侧斜率", "spare": "可略去",
        "single": "32 位",
        "square": "平方", "steady": "稳定", "theory": "理论", "variance": "方差", "zero_best": "取零最佳",
        "forward": "前向", "chain_rule": "链式法则", "positive": "正侧", "negative": "负侧", "one_sided": "单侧差商",
        "composed": "复合函数", "scalar": "单个函数", "interval": "区间", "accuracy": "准确率", "rare": "罕见",
        "not_positive": "非正侧", "required": "必须相同", "same_shape": "形状检查", "its_own": "独立数组",
        "holds_it": "存放梯度", "chain": "链式结构", "residual": "残差结构", "fan_out": "多路输出",
        "forward_twice": "两次前向", "nan_input": "NaN", "integer": "整数", "read_only": "只读", "usage": "使用情况",
        "priority": "首创", "field": "领域", "axis": "坐标轴", "rate_against_current": "发放率与电流",
        "inference": "推断", "attribution": "出处", "order_of_magnitude": "数量级", "motive": "动机",
        "halves": "左右半脑", "local": "局部功能", "happens": "是否发生", "relus_doing": "是否归功于 ReLU",
        "census": "运算统计", "faster": "更快", "contrast": "对比", "masked": "掩码赋值", "tuned": "调优步长",
        "grid": "各步长", "revived": "恢复", "first_layer": "第一层", "zero_gradient": "零梯度单元",
        "in_training": "训练中死亡时", "divergence": "发散时", "mean": "均值", "shape": "形状", "common": "普遍",
        "after": "放在之后", "placement": "前后比较", "from_zero": "含零", "above_zero": "大于零",
        "factor": "每层倍数", "made_for_it": "专用初始化", "rate": "速度", "depth": "深度", "slope_alone": "只看斜率",
        "chi_1": "sqrt(chi_1)", "standard": "标准初始化", "rivals": "与对照函数相比", "edge": "混沌边缘",
        "sgd": "普通 SGD", "rescues": "补救", "deep_sgd": "深层普通 SGD", "explosion": "爆炸", "vanishing": "消失",
        "both_ends": "两端", "sigmoid": "sigmoid", "tanh": "tanh", "power": "幂律", "slopes": "斜率之积",
        "kept": "保留比例", "ranking": "排序", "precision": "精度", "control": "对照", "linear": "线性",
        "smooth": "平滑函数", "tasks": "任务", "pieces": "片段", "typical": "典型网络", "exists": "存在性",
        "outputs": "输出", "weights": "权重", "proximal": "近端算子的一步", "gap": "差距", "label_noise": "标签噪声",
        "piecewise": "分段", "rule": "规则", "gauge": "符号对应", "seeds": "不同种子", "everywhere": "其他情形",
        "multiple": "倍数", "any_factor": "任意系数", "minus_one": "系数 -1", "right": "右侧", "left": "左侧",
        "mlp": "多层感知机", "cnn": "卷积网络", "zeros": "零输出", "necessary": "必要", "sufficient": "充分",
        "units": "单元", "trained": "训练后", "paths": "路径", "connections": "连接", "negative_bias": "负偏置",
        "energy": "能量", "initial": "初始", "sparser": "更稀疏",
        "C09 necessary": "对两侧一视同仁时的零输出", "C09 sufficient": "抑制一侧时的零输出",
        "C11 gauge": "权重符号一并改变时的损失之差", "C11 seeds": "另取随机初值时的准确率之差",
        "C11 everywhere": "偏置不为零或有最大池化时的准确率之差", "C13b happens": "训练使类间方差份额提高",
        "C13b relus_doing": "比其他函数多提高", "C14 kept": "LASSO 保留的比例", "C14 forward": "前向选择保留的比例",
        "C15 kept": "LASSO 保留的比例", "C15 forward": "前向选择保留的比例", "C17 control": "准确率高出 leaky ReLU",
        "C17 linear": "准确率高出线性网络", "C17 sigmoid": "准确率高出 sigmoid 网络",
        "C17 smooth": "准确率高出平滑函数", "C21 factor": "梯度的每层倍数", "C24 standard": "sigmoid 每层的梯度倍数",
        "C24 rivals": "与 tanh、ReLU 的倍数之比", "C24 edge": "混沌边缘（梯度保持大小处）的倍数",
        "C25 sgd": "普通 SGD 下停滞的网络", "C25 rescues": "采用补救办法后仍停滞的网络",
        "C26 census": "其中的指数、对数、除法与开方次数",
        "C26 faster": "与 sigmoid、tanh、softplus 中最快者的速度之比", "C27 census": "其中的指数与除法次数",
        "C27 faster": "与 sigmoid、tanh 中较快者的速度之比", "C28 explosion": "梯度的每层倍数",
        "C28 rivals": "与 tanh、sigmoid 的倍数之比", "C30 sigmoid": "sigmoid 每层的梯度倍数",
        "C30 tanh": "穿过 tanh 各层后剩余的梯度", "C39 common": "放在 ReLU 之后",
        "C39 after": "放在 ReLU 之后减不用的准确率", "C39 placement": "放在 ReLU 之后减放在之前的准确率",
        "C50 chain": "普通链式结构中正确的梯度", "C50 residual": "dout 再次使用时正确的梯度",
        "C50 fan_out": "一个输出供多层使用时正确的梯度", "C50 forward_twice": "同一对象调用两次时正确的梯度",
        "C50 nan_input": "在梯度中显现的 NaN 输入", "C50 integer": "整数输入时正确的结果",
        "C50 read_only": "dout 只读时正确的梯度",
    },
}  # fmt: skip

# Initialisations with what decides, the variance of the weights; in Chinese what occurs in settings' names.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "he": "He with variance 2/width", "glorot": "Glorot with 1/width",
        "torch_default": "torch's default with 1/(3 width)", "orthogonal": "orthogonal with 1/width",
        "sigma_w2=4": "variance 4/width", "sigma_w2 = 1/3": "variance 1/(3 width)",
        "sigma_w2 = 1": "variance 1/width", "sigma_w2 = 2": "variance 2/width",
    },
    "zh": {
        "he": "方差 2/宽度的 He 初始化", "glorot": "方差 1/宽度的 Glorot 初始化",
        "torch_default": "方差 1/(3 宽度) 的 torch 默认初始化", "orthogonal": "方差 1/宽度的正交初始化",
        "sigma_w2=4": "方差 4/宽度", "sigma_w2 = 1/3": "方差 1/(3 宽度)",
        "sigma_w2 = 1": "方差 1/宽度", "sigma_w2 = 2": "方差 2/宽度",
        "critical": "临界初始化", "depth": "深度", "width": "宽度", "layers": "层",
        "epochs": "轮", "factor": "系数", "clean labels": "无噪标签", "noisy labels": "含噪标签",
        "biases at": "偏置为", "bias zero": "零偏置", "mirrored": "左右翻转", "downwards": "上下翻转",
        "turned by 180 degrees": "旋转 180 度", "max pooling": "最大池化", "batch normalisation": "批归一化",
        "blank background": "空白背景", "first step": "第一步", "later": "此后", "at birth": "初始",
        "trained": "训练后",
        "normal weights": "正态权重", "orthogonal weights": "正交权重", "outputs": "输出", "weights": "权重",
        "highest rate up to the threshold": "阈值以下的最高发放率",
        "largest gap to the closed form": "与闭式解的最大差距",
        "largest fall with more current": "电流增大时的最大降幅", "bias normal": "偏置正态", "momentum": "动量",
        "weight decay": "权重衰减", "batch norm before": "之前批归一化", "batch norm after": "之后批归一化",
        "sorted": "已排序的输入",
    },
}  # fmt: skip

# How a reading stands to the register.
REGISTER: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "registered on": "登记于", "before the first run": "在首次运行之前", "after the first run": "在首次运行之后",
        "changed, before": "已修改，此前", "its numbers on": "其数值登记于", "not registered": "未登记",
        "high": "上限", "low": "下限", "differs from what was registered on": "与此日登记的内容不同：",
    },
}  # fmt: skip

# Parts of the texts that claims come from.
_ARTICLE = {
    "1": ("1, the beauty of simplicity", "一、简单之美"), "1, first figure": ("1, its first figure", "一、图一"),
    "1, summary": ("1, the closing remarks", "一、小结之后"), "2": ("2, back-propagation", "二、反向传播"),
    "2, code": ("2, the code", "二、代码"),
}  # fmt: skip
_ARTICLE |= {f"1, summary {n}": (f"1, point {n} of the summary", f"一、小结第 {n} 点") for n in range(1, 5)}
_PUBLISHED = {"signals": "信号", "training": "训练", "expressivity": "表达能力", "slopes": "斜率", "sparsity": "稀疏性",
              "growth": "增长", "rankings": "排名"}  # fmt: skip
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "en": {name: f"Section {said}" for name, (said, _) in _ARTICLE.items()}
    | {name: name.capitalize() for name in _PUBLISHED},
    "zh": {name: said for name, (_, said) in _ARTICLE.items()} | _PUBLISHED,
}
