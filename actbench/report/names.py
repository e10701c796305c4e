"""The names of readings and settings for people, where their own are not plain enough."""

from __future__ import annotations

from collections.abc import Mapping

READINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "relus_doing": "ReLU's doing", "cnn": "CNN", "mlp": "perceptron", "sgd": "plain SGD",
        "deep_sgd": "deep, plain SGD", "nan_input": "NaN", "its_own": "its own array", "minus_one": "factor -1",
        "chi_1": "sqrt(chi_1)", "made_for_it": "the initialisation made for it", "edge": "edge of chaos",
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
    },
}  # fmt: skip

# Initialisations by what decides, sigma_w2; in Chinese what occurs in settings' names.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "he": "He (sigma_w2 = 2)", "glorot": "Glorot (1)", "torch_default": "torch's default (1/3)",
        "orthogonal": "orthogonal (1)",
    },
    "zh": {
        "he": "He (sigma_w2 = 2)", "glorot": "Glorot (1)", "torch_default": "torch 默认 (1/3)",
        "orthogonal": "正交 (1)", "critical": "临界初始化", "depth": "深度", "width": "宽度", "layers": "层",
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
