//! The datasets of a result: paths, types, attributes, from the layout; and rows to columns and back.

use hdf5::types::{EnumMember, EnumType, FloatSize, IntSize, TypeDescriptor};

use crate::candidate::{Column, FeatureGroup, FeatureType, Layout, PredictionGroup, StoredRows, Task};

use super::SinkError;
use super::attributes::{Attribute, Attributes};
use super::data::Data;

/// Codes of a candidate's verdict.
pub(super) const VERDICT: &[(&str, u8)] = &[("kept", 0), ("rejected", 1), ("undecided", 2)];
/// Codes of a filter's verdict.
pub(super) const FILTER_VERDICT: &[(&str, u8)] = &[("pass", 0), ("fail", 1), ("undecided", 2), ("not-reached", 3)];
/// Codes of a flag.
pub(super) const FLAG: &[(&str, u8)] = &[("no", 0), ("yes", 1)];

/// Where digests of structures lie.
pub(super) const STRUCTURE_DIGEST: &str = "/candidates/structure_digest";

/// Logical type of a dataset's values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Codes with names, stored in a byte.
    Enum(Vec<(String, u8)>),
    /// 32-bit count.
    U32,
    /// 64-bit count.
    U64,
    /// Number.
    F64,
    /// Number.
    F32,
    /// UTF-8 string.
    Text,
}

impl Kind {
    /// A type of named codes.
    pub(super) fn codes(names: &[(&str, u8)]) -> Self {
        Self::Enum(names.iter().map(|&(name, code)| (name.to_owned(), code)).collect())
    }

    /// Bytes of a value; 0 for strings, whose length varies.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Enum(_) => 1,
            Self::U32 | Self::F32 => 4,
            Self::U64 | Self::F64 => 8,
            Self::Text => 0,
        }
    }

    /// Name that enters the digest; says nothing of how it is stored.
    pub(super) fn logical_name(&self) -> String {
        match self {
            Self::Enum(members) => {
                let members: Vec<String> = members.iter().map(|(name, code)| format!("{name}={code}")).collect();
                format!("enum {}", members.join(","))
            }
            Self::U32 => "u32".to_owned(),
            Self::U64 => "u64".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::F32 => "f32".to_owned(),
            Self::Text => "text".to_owned(),
        }
    }

    /// The HDF5 type of numbers; `None` for strings, which have several.
    pub(super) fn descriptor(&self) -> Option<TypeDescriptor> {
        Some(match self {
            Self::Enum(members) => TypeDescriptor::Enum(EnumType {
                size: IntSize::U1,
                signed: false,
                members: members
                    .iter()
                    .map(|(name, code)| EnumMember { name: name.clone(), value: u64::from(*code) })
                    .collect(),
            }),
            Self::U32 => TypeDescriptor::Unsigned(IntSize::U4),
            Self::U64 => TypeDescriptor::Unsigned(IntSize::U8),
            Self::F64 => TypeDescriptor::Float(FloatSize::U8),
            Self::F32 => TypeDescriptor::Float(FloatSize::U4),
            Self::Text => return None,
        })
    }

    /// The logical type of an HDF5 type, where it is one of ours.
    pub(super) fn of(descriptor: &TypeDescriptor) -> Option<Self> {
        Some(match descriptor {
            TypeDescriptor::Enum(EnumType { size: IntSize::U1, signed: false, members }) => Self::Enum(
                members
                    .iter()
                    .map(|member| Some((member.name.clone(), u8::try_from(member.value).ok()?)))
                    .collect::<Option<_>>()?,
            ),
            TypeDescriptor::Unsigned(IntSize::U4) => Self::U32,
            TypeDescriptor::Unsigned(IntSize::U8) => Self::U64,
            TypeDescriptor::Float(FloatSize::U8) => Self::F64,
            TypeDescriptor::Float(FloatSize::U4) => Self::F32,
            TypeDescriptor::FixedUnicode(_) | TypeDescriptor::VarLenUnicode => Self::Text,
            _ => return None,
        })
    }
}

/// One dataset.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec {
    /// Path in the file.
    pub(super) path: String,
    /// Logical type.
    pub(super) kind: Kind,
    /// Columns of a 2-D dataset; `None` for one dimension.
    pub(super) columns: Option<usize>,
    /// Attributes, in order of name.
    pub(super) attributes: Attributes,
}

impl Spec {
    /// A 1-D dataset without attributes.
    pub(super) fn new(path: impl Into<String>, kind: Kind) -> Self {
        Self { path: path.into(), kind, columns: None, attributes: Attributes::default() }
    }

    /// The same with columns.
    pub(super) fn with_columns(self, columns: usize) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// The same with attributes.
    pub(super) fn with_attributes(self, attributes: Attributes) -> Self {
        Self { attributes, ..self }
    }

    /// Bytes of a row; 0 for strings.
    pub(super) fn row_bytes(&self) -> usize {
        self.kind.size() * self.columns.unwrap_or(1)
    }

    /// No rows of this dataset.
    pub(super) fn empty(&self) -> Data {
        match self.kind {
            Kind::Text => Data::text(),
            _ => Data::fixed(self.row_bytes()),
        }
    }
}

/// Groups and their attributes, parents first. The order of the plan is kept in `order`, since HDF5 lists by name.
pub(super) fn groups(layout: &Layout) -> Vec<(String, Attributes)> {
    let order = |names: Vec<&str>| Attributes::from([("order", Attribute::Text(serde_json::json!(names).to_string()))]);
    let mut groups = vec![("/candidates".to_owned(), Attributes::default())];
    groups.push(("/features".to_owned(), order(layout.features.iter().map(|group| group.name.as_str()).collect())));
    for group in &layout.features {
        groups.push((format!("/features/{}", group.name), feature_attributes(group)));
    }
    groups
        .push(("/predictions".to_owned(), order(layout.predictions.iter().map(|group| group.name.as_str()).collect())));
    for group in &layout.predictions {
        groups.push((format!("/predictions/{}", group.name), prediction_attributes(group)));
    }
    groups.push(("/verdicts".to_owned(), order(layout.filters.iter().map(String::as_str).collect())));
    if !layout.objectives.is_empty() {
        groups.push(("/objectives".to_owned(), Attributes::default()));
    }
    groups.push(("/quarantine".to_owned(), Attributes::default()));
    groups.push(("/ledger".to_owned(), Attributes::default()));
    groups
}

fn feature_attributes(group: &FeatureGroup) -> Attributes {
    Attributes::from([
        ("parameters", Attribute::Text(group.parameters.to_string())),
        ("references", Attribute::Text(group.references.join("\n"))),
        ("version", Attribute::Integer(u64::from(group.version))),
    ])
}

fn prediction_attributes(group: &PredictionGroup) -> Attributes {
    Attributes::from([
        ("interval", Attribute::Real(group.interval)),
        ("model_sha256", Attribute::Text(group.model_sha256.clone())),
        ("statistic", Attribute::Text(group.statistic.clone())),
        ("target", Attribute::Text(group.target.clone())),
        ("task", Attribute::Text(task_name(&group.task).to_owned())),
        ("units", Attribute::Text(group.unit.text().to_owned())),
    ])
}

fn task_name(task: &Task) -> &'static str {
    match task {
        Task::Regression => "regression",
        Task::Classification { .. } => "classification",
    }
}

/// Fields of a prediction that are numbers, and whether they are in the unit of the target.
const PREDICTION_FIELDS: [(&str, bool); 5] =
    [("value", true), ("std", true), ("lower", true), ("upper", true), ("domain_distance", false)];

/// Row-aligned datasets, in the order in which [`encode_rows`] fills them.
pub(super) fn row_specs(layout: &Layout) -> Vec<Spec> {
    let mut specs = vec![
        Spec::new("/candidates/index", Kind::U64),
        Spec::new("/candidates/id", Kind::Text),
        Spec::new("/candidates/formula", Kind::Text),
        Spec::new("/candidates/origin", Kind::Text),
        Spec::new("/candidates/verdict", Kind::codes(VERDICT)),
    ];
    if layout.structure_digests {
        specs.push(Spec::new(STRUCTURE_DIGEST, Kind::Text));
    }
    let feature_kind = match layout.feature_type {
        FeatureType::F64 => Kind::F64,
        FeatureType::F32 => Kind::F32,
    };
    for group in &layout.features {
        specs.push(
            Spec::new(format!("/features/{}/values", group.name), feature_kind.clone())
                .with_columns(group.columns.len())
                .with_attributes(feature_attributes(group)),
        );
    }
    for group in &layout.predictions {
        let path = |field: &str| format!("/predictions/{}/{field}", group.name);
        let units = || Attributes::from([("units", Attribute::Text(group.unit.text().to_owned()))]);
        for (field, in_unit) in PREDICTION_FIELDS {
            let attributes = match (field, in_unit) {
                ("value", _) => prediction_attributes(group),
                (_, true) => units(),
                (_, false) => Attributes::default(),
            };
            specs.push(Spec::new(path(field), Kind::F64).with_attributes(attributes));
        }
        specs.push(Spec::new(path("in_domain"), Kind::codes(FLAG)));
        if let Task::Classification { classes } = &group.task {
            specs.push(Spec::new(path("probability"), Kind::F64).with_columns(classes.len()));
        }
    }
    for filter in &layout.filters {
        specs.push(Spec::new(format!("/verdicts/{filter}"), Kind::codes(FILTER_VERDICT)));
    }
    if !layout.objectives.is_empty() {
        specs.push(Spec::new("/objectives/values", Kind::F64).with_columns(layout.objectives.len()));
    }
    specs
}

/// Datasets that describe columns and hold no rows.
pub(super) fn descriptions(layout: &Layout) -> Vec<(Spec, Data)> {
    let mut out = Vec::new();
    for group in &layout.features {
        describe_columns(&format!("/features/{}", group.name), &group.columns, &mut out);
    }
    for group in &layout.predictions {
        if let Task::Classification { classes } = &group.task {
            out.push((
                Spec::new(format!("/predictions/{}/classes", group.name), Kind::Text),
                Data::from_strings(classes),
            ));
        }
    }
    if !layout.objectives.is_empty() {
        describe_columns("/objectives", &layout.objectives, &mut out);
    }
    out
}

/// `columns` and `units` beside `values`.
pub(super) fn describe_columns(group: &str, columns: &[Column], out: &mut Vec<(Spec, Data)>) {
    let labels = columns.iter().map(|column| &column.label);
    out.push((Spec::new(format!("{group}/columns"), Kind::Text), Data::from_strings(labels)));
    let units = columns.iter().map(|column| column.unit.text());
    out.push((Spec::new(format!("{group}/units"), Kind::Text), Data::from_strings(units)));
}

/// Checks that names can be names of groups.
pub(super) fn check_names(layout: &Layout) -> Result<(), SinkError> {
    let mut seen = std::collections::BTreeSet::new();
    let features = layout.features.iter().map(|group| ("feature group", &group.name));
    let predictions = layout.predictions.iter().map(|group| ("prediction", &group.name));
    let filters = layout.filters.iter().map(|name| ("filter", name));
    for (what, name) in features.chain(predictions).chain(filters) {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(SinkError::rows(format!("{what} \"{name}\" cannot name an HDF5 group (no slash, not empty)")));
        }
        if !seen.insert((what, name)) {
            return Err(SinkError::rows(format!("two of {what} are named \"{name}\"")));
        }
    }
    Ok(())
}

/// Appends rows to the columns of [`row_specs`].
pub(super) fn encode_rows(layout: &Layout, rows: &StoredRows, out: &mut [Data]) -> Result<(), SinkError> {
    check_lengths(layout, rows)?;
    let count = rows.len();
    let mut columns = out.iter_mut();
    let mut next = || columns.next().expect("one column for each spec of the layout");
    next().extend_u64(&rows.index);
    for strings in [&rows.id, &rows.formula, &rows.origin] {
        let column = next();
        strings.iter().for_each(|string| column.push_text(string));
    }
    next().extend_bytes(count, rows.verdict.iter().copied());
    if layout.structure_digests {
        let column = next();
        rows.structure_digest.iter().for_each(|digest| column.push_text(digest));
    }
    for values in &rows.features {
        match layout.feature_type {
            FeatureType::F64 => next().extend_f64(count, values),
            FeatureType::F32 => next().extend_f32(count, values),
        }
    }
    for (predictions, group) in rows.predictions.iter().zip(&layout.predictions) {
        for values in
            [&predictions.value, &predictions.std, &predictions.lower, &predictions.upper, &predictions.domain_distance]
        {
            next().extend_f64(count, values);
        }
        next().extend_bytes(count, predictions.in_domain.iter().copied());
        if matches!(group.task, Task::Classification { .. }) {
            next().extend_f64(count, &predictions.probability);
        }
    }
    for verdicts in &rows.verdicts {
        next().extend_bytes(count, verdicts.iter().copied());
    }
    if !layout.objectives.is_empty() {
        next().extend_f64(count, &rows.objectives);
    }
    Ok(())
}

fn check_lengths(layout: &Layout, rows: &StoredRows) -> Result<(), SinkError> {
    let count = rows.len();
    let check = |what: &str, found: usize, expected: usize| {
        if found == expected {
            Ok(())
        } else {
            Err(SinkError::rows(format!("{what} has {found} values for {count} rows, expected {expected}")))
        }
    };
    check("id", rows.id.len(), count)?;
    check("formula", rows.formula.len(), count)?;
    check("origin", rows.origin.len(), count)?;
    check("verdict", rows.verdict.len(), count)?;
    check("structure_digest", rows.structure_digest.len(), if layout.structure_digests { count } else { 0 })?;
    check("list of feature groups", rows.features.len(), layout.features.len())?;
    for (values, group) in rows.features.iter().zip(&layout.features) {
        check(&group.name, values.len(), count * group.columns.len())?;
    }
    check("list of predictions", rows.predictions.len(), layout.predictions.len())?;
    for (predictions, group) in rows.predictions.iter().zip(&layout.predictions) {
        for values in
            [&predictions.value, &predictions.std, &predictions.lower, &predictions.upper, &predictions.domain_distance]
        {
            check(&group.name, values.len(), count)?;
        }
        check(&group.name, predictions.in_domain.len(), count)?;
        if let Task::Classification { classes } = &group.task {
            check(&group.name, predictions.probability.len(), count * classes.len())?;
        }
    }
    check("list of verdicts", rows.verdicts.len(), layout.filters.len())?;
    for (verdicts, filter) in rows.verdicts.iter().zip(&layout.filters) {
        check(filter, verdicts.len(), count)?;
    }
    check("objectives", rows.objectives.len(), count * layout.objectives.len())
}

/// Rows from the columns of [`row_specs`].
pub(super) fn decode_rows(layout: &Layout, columns: &[Data]) -> StoredRows {
    let mut columns = columns.iter();
    let mut next = || columns.next().expect("one column for each spec of the layout");
    let mut rows = StoredRows {
        index: next().to_u64(),
        id: next().to_strings(),
        formula: next().to_strings(),
        origin: next().to_strings(),
        verdict: next().bytes().to_vec(),
        ..StoredRows::default()
    };
    if layout.structure_digests {
        rows.structure_digest = next().to_strings();
    }
    let feature_kind = match layout.feature_type {
        FeatureType::F64 => Kind::F64,
        FeatureType::F32 => Kind::F32,
    };
    rows.features = layout.features.iter().map(|_| next().to_f64(&feature_kind)).collect();
    for group in &layout.predictions {
        let mut predictions = crate::candidate::Predictions {
            value: next().to_f64(&Kind::F64),
            std: next().to_f64(&Kind::F64),
            lower: next().to_f64(&Kind::F64),
            upper: next().to_f64(&Kind::F64),
            domain_distance: next().to_f64(&Kind::F64),
            in_domain: next().bytes().to_vec(),
            ..Default::default()
        };
        if let Task::Classification { classes } = &group.task {
            predictions.num_classes = classes.len();
            predictions.probability = next().to_f64(&Kind::F64);
        }
        rows.predictions.push(predictions);
    }
    rows.verdicts = layout.filters.iter().map(|_| next().bytes().to_vec()).collect();
    if !layout.objectives.is_empty() {
        rows.objectives = next().to_f64(&Kind::F64);
    }
    rows
}
