"""What a page says around the data, by language."""

from __future__ import annotations

from actbench.core.errors import ActbenchError

PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "title article": "The article's claims, judged",
        "title literature": "Published results, run again and judged",
        "title_other": "Claims, judged",
        "lead": "{claims} claims, {judged} judged on this run's evidence or on cited sources. A number that was "
        "measured has at its claim its n and the interval that was judged; counts over all inputs tried are exact. A "
        "claim is supported only where the whole interval lies inside what its reading asks for.",
        "registered when": "Readings with an expectation: {readings}. Registered before their first run: {before}; "
        "the numbers expected before it, the rest (networks, settings, effects) after it: {numbers}; all of it after "
        "it: {after}. Changed after looking at results: {changed}, each marked “changed after looking” and told "
        "with what it was before.",
        "mark": "changed after looking",
        "rehearsal": "A quick run: a part of the grid, fewer settings, step sizes and networks. Nothing is final.",
        "unfinished": "The run was interrupted: what is shown rests on the cells that were finished.",
        "failed": "{failed} of {cells} cells of {experiment} could not be computed: what rests on it is not final.",
        "left out": "left out", "not final": "not final: cells failed",
        "summary": "Verdicts at a glance",
        "figures": "Figures",
        "numbers": "The estimates behind the verdicts",
        "claims": "Claim by claim",
        "run": "The run",
        "about article": "The article is in Chinese, of the title “The ReLU activation function: the beauty of "
        "simplicity”, after a post by 对半独白 on the blogs of CSDN; it bears no date, and speaks of a television show "
        "of 2016. Its two sections say why deep networks use ReLU, and how to write its backward pass as a NumPy "
        "class. Its claims stand here in our own words.",
        "about literature": "Results on activation functions from papers, in our own words, run again with networks "
        "that a laptop trains. A verdict is about that small run: what it leaves out stands with each result, and a "
        "refuted one is not a refuted paper.",
        "not judged": "Not among them", "not judged literature": "Results of the last years that were looked for and "
        "left out. DyT with little and with much data (arXiv 2604.23434), and Derf against DyT (arXiv 2512.10938): "
        "their sources were not read in full, and both need transformers without normalisation, which are not trained "
        "here. GELU-sine out of distribution: no source was found.",
        "how": "Claims are judged as written and, where the words may have meant something else, as intended too. "
        "Refuted: the whole interval lies outside what was expected; inconclusive: it touches both, and more networks "
        "would be needed; conditional: it holds in some of the settings asked for.",
        "strips": "A strip shows what was expected (shaded), the mean (ring) and the interval that was judged (line), "
        "which is the one in brackets: a claim's intervals are wrong together in at most 5 % of samples, so that each "
        "of several has a higher level, given behind it; where equality is asked it is 90 %.",
        "where measured": "Measured on {machine}.", "more about it": "More about the run",
        "contents": "On this page", "findings": "Findings that surprise", "show": "Show", "all": "all",
        "evidence": "Evidence", "guess": "Guess first: answers stay hidden until the evidence is opened",
        "from to": "from {low} to {high}", "between": " ", "colon": "{name}: {text}", "comma": ", ", "stop": "{text}.",
        "changed": "Changed on {on}, {when}: {shown}. Before: {was}. Since: {now}. Why: {why}.",
        "after": "after looking at results", "before": "before any result",
        "family": "Of {whole} claims {claims} rest on samples. Were every truth on the very edge of what was asked, "
        "at most {wrong} of their {settings} decided settings would be wrong by chance. {kept} of these verdicts hold "
        "even where the chance of a single wrong one among all is 5 % (Bonferroni){lost}.",
        "family lost": "; not those of {which}",
        "reach": "Networks are independent draws, and those that learn from real data have a train/test split each: "
        "intervals are about other networks and other splits of the same data, not about other data.",
        "coverage": "Simulated on 8 to 64 networks, these intervals are wrong as often as promised, but for skewed "
        "values (8 networks of an exponential law: 11 % instead of 5 %) and for rare failures: where one network in "
        "ten collapses, 8 networks are wrong in 43 % of samples and 64 in 8 %. Verdicts are about networks like those "
        "that were seen (reports/error_rates has every kind).",
        "language": "en", "of": "{reading}: {setting}", "number of": "{name} ({number})", "condition": "Where",
        "where supported": "yes: {which}", "where refuted": "no: {which}", "where conditional": "in part: {which}",
        "where inconclusive": "open: {which}", "where not tested": "not tested: {which}", "where opinion": "{which}",
        "summary of": "Verdicts: ",
        "section": "section",
        "literal": "as written", "charitable": "as intended", "overall": "overall",
        "overall charitable": "overall, as intended",
        "supported": "supported", "refuted": "refuted", "conditional": "conditional",
        "inconclusive": "inconclusive", "opinion": "opinion", "not tested": "not tested",
        "reading": "reading", "verdict": "verdict", "value": "value", "interval": "95 % interval",
        "judged": "interval judged", "n": "n",
        "expected": "expected", "why": "on what it rests", "claim": "claim", "setting": "setting",
        "says supported": "Holds: {which}.", "says refuted": "Does not hold: {which}.",
        "says conditional": "Holds in part: {which}.", "says inconclusive": "Open: {which}.",
        "says opinion": "A matter of opinion: {which}.", "says not tested": "Not tested: {which}.",
        "asked": "asked for: {expected}", "and": "; ", "see": "See the figure",
        "contradictions": "Where the text argues with itself",
        "contradictions lead": "Pairs of sentences that cannot both hold, with what was found of each.",
        "because": "because",
        "instrument": "How far the method itself can be trusted",
        "instrument lead": "Two arms that are equal in law, ReLU and ReLU turned by 180 degrees, paired network by "
        "network and trained as long as most claims' arms, judged by the same statistics as everything above.",
        "ask different": "Equal arms called different at 95 %, by {measure}",
        "ask better": "Equal arms of which one is called better by a point, by {measure}",
        "ask edge": "Arms a point apart that are called equal within a point, by {measure}",
        "ask same": "Equal arms called equal within a point, by {measure} (the more the better)",
        "ask bootstrap": "Estimates whose verdict is the same by a BCa bootstrap interval",
        "estimates": "estimates", "test_accuracy": "test accuracy", "train_loss": "training loss",
        "source": "Source", "count": "claims", "kind": "decided by",
        "experiment": "experiment", "exact": "computation", "literature": "literature", "roll-up": "roll-up",
        "machine": "{processor}, {cores} cores, {system}; Python {python}, NumPy {numpy}, SciPy {scipy}",
        "machine alone": "{processor}, {cores} cores, {system}",
        "commit": "Code at {commit}; master seed {seed}; started {started}, finished {finished}; "
        "expectations registered as {expectations}.",
        "commit alone": "Code at {commit}; master seed {seed}; started {started}, finished {finished}.",
        "run of": "Run", "all numbers": "Numbers", "means over": "Means over independent networks, with 95 % intervals "
        "(Student's t) and n.", "rows as measured": "Rows as measured.",
        "every observation": "All {count} observations: {file}", "more rows": "and {count} more rows in that file",
        "rehearsal run": "A quick run: a part of the grid, or fewer rounds.",
        "lost cells": "{count} cells could not be computed.",
        "races": "ours is fastest in {first} of {races} races; the best rivals (geometric means): {rivals}",
        "rival": "{name} takes {mean} times as long in {count}",
        "races alone": "ours ran without a rival", "not installed": "not installed: {names}",
        "forward alone": "forward alone: {names}", "no part": "Took no part:",
        "data": "Figure data: {path}", "not_drawn": "Not drawn:",
        "foot made": "Made with actbench {version}: `{command}`.", "foot beside": "Beside this page lie:",
        "foot alone": "Where they do not, the page was handed on alone: the command above makes all of it again, and "
        "`{redraw}` draws it from the files.",
        "foot more": "Every command is explained by `actbench --help`; the documents, from a start in five minutes to "
        "the statistics, are in the folder `docs` of the source.",
        "brief": "Print the summary alone: answers without evidence",
    },
    "zh": {
        "title article": "逐条评判文章的论断",
        "title literature": "已发表结果的重做与评判",
        "title_other": "逐条评判论断",
        "lead": "共 {claims} 条论断，其中 {judged} 条已依据本次运行的证据或所引文献作出评判。测得的数值在各条论断处附"
        "样本数 n 与用于评判的区间；对全部所试输入的计数是精确的。只有整个区间都落在该解读要求的范围之内，才判为成立。",
        "registered when": "有预期的解读共 {readings} 个。首次运行之前登记的有 {before} 个；预期的数值在首次运行之前"
        "登记、其余内容（网络、设置、效应）在其后登记的有 {numbers} 个；全部在首次运行之后登记的有 {after} 个。"
        "看过结果之后修改的有 {changed} 个，各注明“看过结果后修改”，并写明修改之前的内容。",
        "mark": "看过结果后修改",
        "rehearsal": "快速模式：只运行网格的一部分，设置、步长与网络较少，结论并非最终结论。",
        "unfinished": "运行被中断：以下内容只依据已经完成的部分。",
        "failed": "{experiment} 的 {cells} 个实验设置中有 {failed} 个未能算出：以此为依据的结论并非最终结论。",
        "left out": "未计入", "not final": "有实验设置计算失败，并非最终结论",
        "summary": "结论一览",
        "figures": "图",
        "numbers": "结论背后的估计值",
        "claims": "逐条说明",
        "run": "本次运行",
        "about article": "文章为中文，题为《ReLU激活函数：简单之美》，源自 CSDN 上“对半独白”的博文；未注明日期，"
        "文中提到 2016 年的一档电视节目。全文两节：深度网络为什么采用 ReLU，以及如何用 NumPy 类写出其反向传播。"
        "此处用我们自己的话转述其论断。",
        "about literature": "论文中关于激活函数的结果，用我们自己的话转述，并以笔记本电脑能训练的网络重做。"
        "结论只针对这次小规模的重做：每条都注明略去了什么；判为不成立，并不等于论文不成立。",
        "not judged": "未收入的结果", "not judged literature": "近年结果中查找过而未收入的："
        "DyT 在数据少与数据多时的表现（arXiv 2604.23434），以及 Derf 与 DyT 的比较（arXiv 2512.10938）：原文未能通读，"
        "且二者都需要不带归一化的 Transformer，此处并不训练；GELU-sine 在分布外的表现：未找到来源。",
        "how": "论断先按字面评判；措辞可能另有所指时，再按本意评判。"
        "不成立：整个区间都在预期范围之外；尚无定论：区间横跨范围内外，需要更多网络；有条件成立：只在所问的部分设置下成立。",
        "strips": "刻度条中，阴影为事先写明的范围，圆圈为均值，线段为用于评判的区间，即方括号内的区间：一条论断的所有"
        "区间合计至多在 5 % 的样本中出错，因此有多个区间时每个的水平更高，标在区间之后；检验相等时为 90 %。",
        "where measured": "测量所用机器：{machine}。", "more about it": "关于本次运行",
        "contents": "本页内容", "findings": "出人意料的发现", "show": "显示", "all": "全部",
        "evidence": "证据", "guess": "先猜一猜：展开证据之前不显示答案",
        "from to": "从 {low} 到 {high}", "between": "", "colon": "{name}：{text}", "comma": "，", "stop": "{text}。",
        "changed": "{on} 修改（{when}）：{shown}。此前：{was}。此后：{now}。理由：{why}。",
        "after": "在看过结果之后", "before": "在得出结果之前",
        "family": "{whole} 条论断中有 {claims} 条依据抽样结果。即使每个真值都恰在要求的边界上，"
        "其 {settings} 个已判定的设置中预期至多 {wrong} 个因偶然而判错。"
        "若要求全部设置中出现任何一个错判的概率不超过 5 %（Bonferroni），仍有 {kept} 个结论不变{lost}。",
        "family lost": "，其余分属 {which}",
        "reach": "网络彼此独立抽取；在真实数据上学习的网络各有自己的训练/测试划分："
        "区间针对的是同一数据集上的其他网络与其他划分，而不是其他数据集。",
        "coverage": "在 8 到 64 个网络上的模拟表明，这些区间的错误率与所承诺的相符，但有两种例外：取值偏斜时（指数分布"
        "的 8 个网络为 11 %，而非 5 %），以及罕见的失败：若十分之一的网络会崩溃，8 个网络在 43 % 的样本中出错，64 个为 "
        "8 %。结论针对的是与所见网络类似的网络（各种情形见 reports/error_rates）。",
        "language": "zh", "of": "{reading}：{setting}", "number of": "{name}（{number}）", "condition": "条件",
        "where supported": "成立：{which}", "where refuted": "不成立：{which}",
        "where conditional": "部分成立：{which}",
        "where inconclusive": "未定：{which}", "where not tested": "未检验：{which}", "where opinion": "{which}",
        "summary of": "结论：",
        "region below": "低于 {0}", "region above": "高于 {0}", "region in": "在 [{0}, {1}] 之内",
        "region within": "{0} % 区间与 {2} 相差不超过 {1}",
        "section": "章节",
        "literal": "按字面", "charitable": "按本意", "overall": "总评", "overall charitable": "总评（按本意）",
        "supported": "成立", "refuted": "不成立", "conditional": "有条件成立", "inconclusive": "尚无定论",
        "opinion": "观点", "not tested": "未检验",
        "reading": "解读", "verdict": "结论", "value": "数值", "interval": "95 % 置信区间",
        "judged": "用于评判的区间", "n": "n",
        "expected": "预期", "why": "依据", "claim": "论断", "setting": "设置",
        "says supported": "成立：{which}。", "says refuted": "不成立：{which}。",
        "says conditional": "部分成立：{which}。", "says inconclusive": "尚无定论：{which}。",
        "says opinion": "属于观点：{which}。", "says not tested": "未检验：{which}。",
        "asked": "要求：{expected}", "and": "；", "see": "见图",
        "contradictions": "文中自相矛盾之处",
        "contradictions lead": "不能同时成立的成对论断，以及对二者各自的评判。",
        "because": "原因",
        "instrument": "方法本身有多可靠",
        "instrument lead": "两组分布完全相同的网络：ReLU 与旋转 180 度的 ReLU，逐个网络配对，训练时间与多数论断相同，"
        "用与上文完全相同的统计方法评判。",
        "ask different": "相同的两组在 95 % 水平上被判为不同（{measure}）",
        "ask better": "相同的两组中一组被判为高出一个百分点（{measure}）",
        "ask edge": "相差恰为一个百分点的两组被判为相差不到一个百分点（{measure}）",
        "ask same": "相同的两组被判为相差不到一个百分点（{measure}，越多越好）",
        "ask bootstrap": "改用 BCa 自助法区间后结论不变的估计值",
        "estimates": "估计值", "test_accuracy": "测试准确率", "train_loss": "训练损失",
        "source": "文献", "count": "条数", "kind": "判定方式",
        "experiment": "实验", "exact": "计算", "literature": "文献", "roll-up": "汇总",
        "machine": "{processor}，{cores} 核，{system}；Python {python}，NumPy {numpy}，SciPy {scipy}",
        "machine alone": "{processor}，{cores} 核，{system}",
        "commit": "代码版本 {commit}；主随机种子 {seed}；开始 {started}，结束 {finished}；"
        "预期的哈希值 {expectations}。",
        "commit alone": "代码版本 {commit}；主随机种子 {seed}；开始 {started}，结束 {finished}。",
        "run of": "运行", "all numbers": "数值",
        "means over": "对独立网络取平均，附 95 % 置信区间（Student t）与样本数 n。",
        "rows as measured": "逐行列出测得的数值。",
        "every observation": "全部 {count} 条观测：{file}", "more rows": "该文件中另有 {count} 行",
        "rehearsal run": "快速模式：只运行网格的一部分，或减少轮次。",
        "lost cells": "有 {count} 个实验设置未能算出。",
        "races": "{races} 场比赛中我们在 {first} 场最快；最好的对手（几何平均）：{rivals}",
        "rival": "{name} 在 {count} 场中所用时间为我们的 {mean} 倍",
        "races alone": "没有对手", "not installed": "未安装：{names}", "forward alone": "仅有前向传播：{names}",
        "no part": "未参加：",
        "data": "图中数据：{path}", "not_drawn": "未绘制：",
        "foot made": "由 actbench {version} 生成：`{command}`。", "foot beside": "与本页放在一起的有：",
        "foot alone": "如果这些文件不在，说明只收到了这一页：上面的命令可以重新生成全部内容，`{redraw}` 可仅凭文件"
        "重新绘制本页。",
        "foot more": "`actbench --help` 说明每条命令；从五分钟入门到统计方法的文档在源代码的 `docs` 文件夹中。",
        "brief": "只打印摘要：有回答，无证据",
    },
}  # fmt: skip


def phrases(lang: str) -> dict[str, str]:
    """The phrases of one language."""
    if lang not in PHRASES:
        raise ActbenchError(f"no language {lang!r}; known: {', '.join(PHRASES)}")
    return PHRASES[lang]
