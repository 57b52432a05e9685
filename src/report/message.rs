//! Every text of a report, in both languages.

/// Language of a report.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The code of the `lang` attribute.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }
}

macro_rules! messages {
    ($($variant:ident: $en:literal, $zh:literal;)+) => {
        /// A text of the report.
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        pub(super) enum Text { $($variant,)+ }

        impl Text {
            /// The text in this language.
            pub(super) const fn in_language(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::En) => $en, (Self::$variant, Language::Zh) => $zh,)+
                }
            }
        }
    };
}

messages! {
    Subtitle: "high-throughput materials screening", "高通量材料筛选";
    Report: "Screening report", "筛选报告";
    RunId: "run", "运行编号";
    Created: "created", "创建时间";
    Software: "software", "软件";
    ResultFile: "result file", "结果文件";
    Summary: "At a glance", "概览";
    Read: "candidates read", "读入候选";
    Kept: "kept", "保留";
    Rejected: "rejected", "淘汰";
    Undecided: "undecided", "未定";
    Faulted: "quarantined", "隔离";
    Ranked: "ranked", "入榜";
    Stored: "rows stored", "存储行数";
    Screened: "What was screened", "筛选内容";
    Source: "candidates", "候选来源";
    Descriptors: "descriptors", "描述符";
    Surrogates: "surrogate models", "代理模型";
    Filters: "filters", "筛选规则";
    RankedBy: "ranked by", "排序依据";
    FullPlan: "the plan, verbatim", "完整计划（原文）";
    NoneStated: "none", "无";
    Funnel: "Funnel", "筛选漏斗";
    FunnelNote: "Each bar is what a rule let pass; the scale is logarithmic.", "每条横条为该规则之后剩余的候选数；横轴为对数刻度。";
    Stage: "stage", "阶段";
    Rule: "rule", "规则";
    Input: "in", "进入";
    Balance: "read = kept + rejected + undecided + quarantined", "读入 = 保留 + 淘汰 + 未定 + 隔离";
    Balanced: "the ledger balances", "账目平衡";
    Unbalanced: "THE LEDGER DOES NOT BALANCE", "账目不平衡";
    Top: "Top candidates", "最佳候选";
    TopNote: "Predictions are given with their interval; a candidate outside a model's domain is unlike anything the model was trained on.", "预测值附区间；“域外”表示该候选与模型的训练数据差异较大，结果需谨慎使用。";
    NoRanking: "The plan ranks nothing; these are the first rows stored.", "计划未设排序；以下为存储的前若干行。";
    ShownOf: "shown of", "条已显示，共";
    Rank: "rank", "名次";
    Formula: "formula", "化学式";
    Id: "id", "标识";
    Score: "score", "得分";
    Front: "front", "前沿";
    Outside: "outside", "域外";
    Uncalibrated: "not calibrated", "未校准";
    Interval: "interval", "区间";
    Distributions: "Distributions", "分布";
    DistributionNote: "All stored rows in blue; the listed top candidates as orange marks under the axis.", "蓝色为全部存储行；横轴下方橙色标记为上表所列候选。";
    Rows: "rows", "行数";
    NotDefined: "not defined", "无定义";
    Pareto: "Pareto front", "帕累托前沿";
    ParetoNote: "Grey: stored rows, darker where there are more. Blue dots: candidates that no other beats in every objective. Orange diamonds: later fronts.", "灰色：存储的候选，越密越深；蓝点：第一前沿（非支配候选）；橙色菱形：其后的前沿。";
    Models: "Models", "模型";
    NoModels: "The plan uses no surrogate model.", "计划未使用代理模型。";
    Model: "model", "模型";
    Target: "target", "目标";
    Training: "training data", "训练数据";
    TrainingRows: "training rows", "训练行数";
    DataSource: "data source", "数据出处";
    Split: "scored by", "评估方式";
    DomainDefinition: "applicability domain", "适用域定义";
    Baseline: "always the same answer", "常数基线";
    ProbabilityCalibration: "Calibration of the probability", "概率校准";
    Probability: "predicted probability", "预测概率";
    Frequency: "observed frequency", "实际频率";
    Licence: "licence", "许可";
    CommercialUse: "commercial use", "商业使用";
    Members: "members", "成员";
    Metric: "measure", "指标";
    Value: "value", "数值";
    Parity: "Parity (out of fold)", "预测—真值对照（折外）";
    Measured: "measured", "真值";
    Predicted: "predicted", "预测值";
    Calibration: "Calibration of intervals", "区间校准";
    Nominal: "nominal coverage", "名义覆盖率";
    Observed: "observed coverage", "实际覆盖率";
    Quarantine: "Quarantine", "隔离区";
    NoQuarantine: "No candidate faulted.", "没有候选发生故障。";
    Code: "code", "代码";
    Meaning: "meaning", "含义";
    Count: "count", "数量";
    Example: "first example", "首个例子";
    Provenance: "Provenance", "溯源";
    DescriptorTable: "Descriptors and their references", "描述符与文献";
    Name: "name", "名称";
    Version: "version", "版本";
    Columns: "columns", "列数";
    References: "references", "文献";
    DocumentProduct: "Product", "产品";
    DocumentRun: "Run", "运行";
    DocumentEnvironment: "Environment", "环境";
    DocumentInputs: "Inputs", "输入";
    DocumentTables: "Data tables", "数据表";
    DocumentModels: "Model files", "模型文件";
    DocumentDigests: "Content digests", "内容摘要";
    Verify: "How to verify", "如何验证";
    VerifyNote: "The result file carries a seal over every byte and a digest of each data set. This command checks both, the balance of the ledger and the ranking; it ends with exit code 4 if anything was changed:", "结果文件带有覆盖全部字节的封印，以及每个数据集的摘要。以下命令检查封印、摘要、账目与排序；如有任何改动，退出码为 4：";
    DigestAll: "digest over all content", "全部内容摘要";
    Yes: "yes", "是";
    No: "no", "否";
    Unknown: "unknown", "未知";
    Contents: "Contents", "目录";
    StageRead: "read", "读取";
    StageParse: "parse", "解析";
    StageFilter: "filter", "筛选";
    StageDescribe: "describe", "描述";
    StagePredict: "predict", "预测";
}

/// A stage as it is stored, in this language; other words as they are.
pub(super) fn stage(name: &str, language: Language) -> &str {
    let text = match name {
        "read" => Text::StageRead,
        "parse" => Text::StageParse,
        "filter" => Text::StageFilter,
        "describe" => Text::StageDescribe,
        "predict" => Text::StagePredict,
        other => return other,
    };
    text.in_language(language)
}

/// What a fault code means; empty for a code of a later version.
pub(super) fn fault_meaning(code: &str, language: Language) -> &'static str {
    if language == Language::En {
        let known = crate::candidate::FaultCode::ALL.iter().find(|known| known.name() == code);
        return known.map_or("", |known| known.meaning().trim());
    }
    match code {
        "unparsable-formula" => "文本不是化学式。",
        "ambiguous-formula" => "化学式有多种读法。",
        "unknown-element" => "元素符号不存在。",
        "empty-composition" => "没有原子，或字段为空。",
        "unparsable-record" => "表格记录无法读取（缺列、引号未闭合、非 UTF-8）。",
        "unparsable-number" => "应为数字的字段不是数字。",
        "duplicate-id" => "标识与前面的记录重复。",
        "unparsable-cif" => "CIF 数据块无法读取，或不是晶体结构。",
        "unparsable-poscar" => "POSCAR 文件无法读取。",
        "unparsable-extxyz" => "扩展 XYZ 帧无法读取。",
        "unparsable-json" => "JSON 文档无法读取，或不属于任何结构格式。",
        "unparsable-structure" => "其他格式的结构（FHI-aims、pymatgen 打印、ASE 数据库）无法读取。",
        "unknown-symmetry" => "对称性的名称或编号不存在，或对称操作不构成群。",
        "disordered-structure" => "位点被共享或部分占据，而描述符需要有序结构。",
        "zero-volume" => "晶胞体积为零，或晶格矢量不是数字。",
        "overlapping-atoms" => "两个原子处于同一位置。",
        "too-many-atoms" => "晶胞原子数超过上限，或超过描述符可处理的数目。",
        "no-structure" => "候选没有结构，而描述符或规则需要它。",
        "too-large" => "记录或化学式超过上限。",
        "missing-element-data" => "数据表缺少规则所需的元素数据。",
        "no-composition" => "候选没有组成，而描述符或规则需要它。",
        "non-finite" => "按定义应为有限值的数为无穷或非数。",
        "internal" => "程序缺陷，请报告。",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_code_has_a_meaning_in_both_languages() {
        for code in crate::candidate::FaultCode::ALL {
            for language in [Language::En, Language::Zh] {
                assert!(!fault_meaning(code.name(), language).is_empty(), "{code} in {language:?}");
            }
        }
    }
}
