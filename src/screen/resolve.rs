//! From a plan to a screen: every name, unit, width and model column checked before anything runs.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::candidate::{Column, ColumnResolver, FeatureGroup, FeatureType, Layout, Ledger, PredictionGroup, Task};
use crate::descriptor::{self, Descriptor};
use crate::filter::{self, NeedsOf};
use crate::rank::{Cutoff, RankPlan, RankSpec};
use crate::source::{Decoder, Format, Source};
use crate::surrogate::card::DescriptorCard;
use crate::surrogate::{Model, board};

use super::columns::{Catalog, Group, INPUT_GROUP};
use super::error::PlanError;
use super::faults::FaultLimit;
use super::origin::{Origin, open_source};
use super::plan::{DescriptorTable, Plan, Store};
use super::slot::{DescriptorSlot, FilterSlot, SurrogateSlot};

/// A plan that can run.
pub struct Screen {
    /// The plan.
    pub plan: Plan,
    /// What the result holds.
    pub layout: Layout,
    /// All columns of the row, stored or not.
    pub columns: Arc<[Column]>,
    /// What candidates come from.
    pub origin: Origin,
    /// Columns of each stored feature group.
    pub stored: Vec<Range<usize>>,
    /// Decodes records.
    pub decoder: Arc<dyn Decoder>,
    /// Filters on compositions that are pushed into the space: decided for whole blocks of indices.
    pub pushed: Vec<FilterSlot>,
    /// All other filters on compositions.
    pub early: Vec<FilterSlot>,
    /// Descriptors that filters on features need.
    pub first: Vec<DescriptorSlot>,
    /// Their row of the ledger.
    pub first_rule: Option<usize>,
    /// Filters on features.
    pub middle: Vec<FilterSlot>,
    /// All other descriptors.
    pub second: Vec<DescriptorSlot>,
    /// Their row of the ledger.
    pub second_rule: Option<usize>,
    /// Surrogates.
    pub surrogates: Vec<SurrogateSlot>,
    /// Filters on predictions.
    pub late: Vec<FilterSlot>,
    /// Row of the ledger for digests of structures, where they are asked for.
    pub identify_rule: Option<usize>,
    /// How to rank.
    pub rank: Option<RankPlan>,
    /// What can no longer be ranked, where only ranked rows are stored.
    pub cutoff: Arc<Cutoff>,
    /// A ledger of zeros.
    pub ledger: Ledger,
    /// How many faults are too many.
    pub fault_limit: FaultLimit,
    /// Loaded models, in plan order.
    pub models: Vec<Arc<Model>>,
}

/// A descriptor with its place in the row.
struct Planned {
    name: String,
    descriptor: Box<dyn Descriptor>,
    columns: Vec<Column>,
    stored: bool,
}

impl Screen {
    /// Resolves a plan; nothing has been run when it returns.
    ///
    /// # Errors
    /// The first thing in the plan that cannot work, and what would.
    pub fn resolve(plan: Plan) -> Result<(Self, Box<dyn Source>), PlanError> {
        let (source, origin) = open_source(&plan.source, &plan.base, plan.run.seed)?;
        let decoder = source.decoder();
        let models = load_models(&plan)?;
        let planned = plan_descriptors(&plan, &models)?;
        if let Some(needy) = planned.iter().find(|p| p.descriptor.needs().structure && !decoder.has_structures()) {
            let reason = format!("\"{}\" needs crystal structures, the source has none", needy.name);
            return Err(PlanError::table("[[descriptor]]", &reason));
        }
        let catalog = catalog(decoder.columns(), &planned, &plan, &models);
        let surrogates = bind_models(&plan, &models, &catalog)?;
        let mut filters = build_filters(&plan, &catalog)?;
        let rank = build_rank(&plan, &catalog)?;

        let needed: std::collections::BTreeSet<usize> = filters
            .iter()
            .filter(|f| f.slot.filter.needs() == NeedsOf::Features)
            .flat_map(|f| f.used.clone())
            .collect();
        let store_features = plan.sink.features.unwrap_or(true);
        let (mut layout_groups, mut stored) = (Vec::new(), Vec::new());
        // Whoever asks for columns of the source wants them, also beside predictions alone.
        if !decoder.columns().is_empty() {
            layout_groups.push(input_group(decoder.columns()));
            stored.push(0..decoder.columns().len());
        }
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut start = decoder.columns().len();
        for planned in planned {
            let range = start..start + planned.columns.len();
            start = range.end;
            if planned.stored && store_features {
                layout_groups.push(feature_group(&planned));
                stored.push(range.clone());
            }
            let early = range.clone().any(|column| needed.contains(&column));
            let slot = DescriptorSlot { descriptor: planned.descriptor, range };
            if early { first.push(slot) } else { second.push(slot) }
        }

        let mut rules = vec![("parse".to_owned(), source_kind(&plan.source))];
        let (mut early, mut middle, mut late) = (Vec::new(), Vec::new(), Vec::new());
        let labels: Vec<String> = filters.iter().map(|f| f.slot.label.clone()).collect();
        let mut place = |needs: NeedsOf, target: &mut Vec<FilterSlot>, rules: &mut Vec<(String, String)>| {
            let (chosen, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut filters).into_iter().partition(|f| f.slot.filter.needs() == needs);
            filters = rest;
            for mut filter in chosen {
                filter.slot.rule = rules.len();
                rules.push(("filter".into(), filter.slot.label.clone()));
                target.push(filter.slot);
            }
        };
        let rule_of = |slots: &[DescriptorSlot], name: &str, rules: &mut Vec<(String, String)>| {
            (!slots.is_empty()).then(|| {
                rules.push(("describe".into(), name.into()));
                rules.len() - 1
            })
        };
        place(NeedsOf::Composition, &mut early, &mut rules);
        let can_push = plan.sink.store != Store::All && decoder.sweeper(&[]).is_some();
        let (pushed, early): (Vec<_>, Vec<_>) =
            early.into_iter().partition(|slot| can_push && slot.filter.block_rule().is_some());
        let (mut pushed, mut early) = (pushed, early);
        for (position, slot) in pushed.iter_mut().chain(&mut early).enumerate() {
            slot.rule = position + 1;
            rules[position + 1].1 = slot.label.clone();
        }
        let first_rule = rule_of(&first, "features for filters", &mut rules);
        place(NeedsOf::Features, &mut middle, &mut rules);
        let second_rule = rule_of(&second, "features", &mut rules);
        place(NeedsOf::Predictions, &mut late, &mut rules);
        let identify_rule = removes_duplicates(&plan, rank.as_ref(), decoder.as_ref())?.then(|| {
            rules.push(("describe".into(), "structure digest".into()));
            rules.len() - 1
        });

        let layout = Layout {
            structure_digests: identify_rule.is_some(),
            features: layout_groups,
            feature_type: plan.sink.dtype,
            predictions: catalog.predictions.clone(),
            filters: labels,
            objectives: rank.as_ref().map(|r| r.columns().to_vec()).unwrap_or_default(),
        };
        let fault_limit = FaultLimit::parse(&plan.run.max_fault_fraction)?;
        let ledger = Ledger::new(rules.iter().map(|(stage, rule)| (stage.as_str(), rule.as_str())));
        let screen = Self {
            columns: catalog.columns.clone(),
            plan,
            layout,
            origin,
            stored,
            decoder,
            pushed,
            early,
            first,
            first_rule,
            middle,
            second,
            second_rule,
            surrogates,
            late,
            identify_rule,
            rank,
            cutoff: Arc::default(),
            ledger,
            fault_limit,
            models,
        };
        Ok((screen, source))
    }

    /// Whether rules are decided in blocks.
    pub fn sweeps(&self) -> bool {
        !self.pushed.is_empty()
    }

    /// Bytes that one stored row takes on disk, without its strings.
    pub fn stored_bytes_per_row(&self) -> usize {
        let width = match self.layout.feature_type {
            FeatureType::F64 => 8,
            FeatureType::F32 => 4,
        };
        let features: usize = self.stored.iter().map(Range::len).sum();
        let classes = |group: &PredictionGroup| match &group.task {
            Task::Classification { classes } => classes.len(),
            Task::Regression => 0,
        };
        let predictions: usize = self.layout.predictions.iter().map(|group| 41 + 8 * classes(group)).sum();
        // Index and verdict beside them.
        features * width + predictions + self.layout.filters.len() + self.layout.objectives.len() * 8 + 9
    }

    /// Filters in the order in which candidates meet them.
    pub fn filters(&self) -> impl Iterator<Item = &FilterSlot> {
        self.pushed.iter().chain(&self.early).chain(&self.middle).chain(&self.late)
    }

    /// Parameters of every filter, in plan order, for the record.
    pub fn filter_parameters(&self) -> Vec<Value> {
        let mut list: Vec<(usize, Value)> = self
            .filters()
            .map(|slot| {
                let value = json!({
                    "name": slot.label,
                    "undecided": slot.undecided,
                    "parameters": slot.filter.parameters(),
                });
                (slot.column, value)
            })
            .collect();
        list.sort_by_key(|(column, _)| *column);
        list.into_iter().map(|(_, value)| value).collect()
    }
}

/// The kind of a source table: its first key that names one.
pub fn source_kind(source: &Value) -> String {
    let mut kinds = ["space", "input"].into_iter().chain(Format::ALL.iter().map(|format| format.name()));
    let keys = source.as_object().map(|table| table.keys().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default();
    kinds.find(|kind| keys.contains(kind)).unwrap_or("source").to_owned()
}

fn load_models(plan: &Plan) -> Result<Vec<Arc<Model>>, PlanError> {
    let mut names: Vec<&str> = Vec::new();
    let mut models = Vec::new();
    for table in &plan.surrogates {
        if names.contains(&table.name.as_str()) {
            return Err(PlanError::table("[[surrogate]]", &format!("two surrogates are called \"{}\"", table.name)));
        }
        if table.name.is_empty() || table.name.contains(['.', '/']) {
            let reason = format!("`as` is \"{}\", expected a name without dot and slash", table.name);
            return Err(PlanError::table("[[surrogate]]", &reason));
        }
        names.push(&table.name);
        let path = match board::named(&table.model) {
            Some(_) => table.model.clone(),
            None => plan.base.join(&table.model),
        };
        let model = board::open(&path)
            .map_err(|source| PlanError::Model { path: table.model.display().to_string(), source: Box::new(source) })?;
        models.push(Arc::new(model));
    }
    Ok(models)
}

impl Planned {
    fn new(name: &str, descriptor: Box<dyn Descriptor>, stored: bool) -> Self {
        Self { name: name.to_owned(), columns: descriptor.columns(), descriptor, stored }
    }
}

/// A descriptor that a model needs. A card records parameters as they were resolved (tables by digest, say), which may
/// be those that come without any.
fn build_as_trained(need: &DescriptorCard) -> Result<Box<dyn Descriptor>, PlanError> {
    let plain = descriptor::build(&need.name, &json!({}));
    match plain {
        Ok(plain) if plain.parameters() == need.parameters => Ok(plain),
        plain => match descriptor::build(&need.name, &need.parameters) {
            Ok(descriptor) => Ok(descriptor),
            // The caller says what differs.
            Err(_) => Ok(plain?),
        },
    }
}

/// The plan's descriptors in plan order, then those that only models need (computed, not stored).
fn plan_descriptors(plan: &Plan, models: &[Arc<Model>]) -> Result<Vec<Planned>, PlanError> {
    let mut list: Vec<Planned> = Vec::new();
    let add = |name: &str, parameters: &Value, list: &mut Vec<Planned>| {
        if list.iter().any(|p| p.name == name) {
            return Err(PlanError::table("[[descriptor]]", &format!("\"{name}\" is there twice")));
        }
        list.push(Planned::new(name, descriptor::build(name, parameters)?, true));
        Ok(())
    };
    for table in &plan.descriptors {
        match table {
            DescriptorTable::Name { name, parameters } => add(name, &rooted(parameters, &plan.base), &mut list)?,
            DescriptorTable::Preset { preset, parameters } => {
                for (name, parameters) in descriptor::preset(preset)?.descriptors_with(parameters)? {
                    add(&name, &rooted(&parameters, &plan.base), &mut list)?;
                }
            }
        }
    }
    for model in models {
        for need in &model.card().descriptors {
            let known = match list.iter().find(|p| p.name == need.name) {
                Some(known) => known,
                None => {
                    list.push(Planned::new(&need.name, build_as_trained(need)?, false));
                    &list[list.len() - 1]
                }
            };
            if known.descriptor.version() != need.version {
                return Err(PlanError::ModelMismatch {
                    model: model.card().name.clone(),
                    reason: format!(
                        "it was trained on version {} of descriptor \"{}\", this program computes version {}",
                        need.version,
                        need.name,
                        known.descriptor.version()
                    ),
                });
            }
            if known.descriptor.parameters() != need.parameters {
                return Err(PlanError::ModelMismatch {
                    model: model.card().name.clone(),
                    reason: format!(
                        "it was trained on descriptor \"{}\" with parameters {}, the plan has {}",
                        need.name,
                        need.parameters,
                        known.descriptor.parameters()
                    ),
                });
            }
        }
    }
    Ok(list)
}

fn catalog(input: &[Column], planned: &[Planned], plan: &Plan, models: &[Arc<Model>]) -> Catalog {
    let mut columns: Vec<Column> = input.to_vec();
    let mut groups = Vec::new();
    if !input.is_empty() {
        groups.push(Group { name: INPUT_GROUP.into(), range: 0..input.len() });
    }
    for planned in planned {
        let start = columns.len();
        columns.extend(planned.columns.iter().cloned());
        groups.push(Group { name: planned.name.clone(), range: start..columns.len() });
    }
    let predictions =
        plan.surrogates.iter().zip(models).map(|(table, model)| model.prediction_group(&table.name)).collect();
    Catalog { groups, columns: columns.into(), predictions }
}

fn bind_models(plan: &Plan, models: &[Arc<Model>], catalog: &Catalog) -> Result<Vec<SurrogateSlot>, PlanError> {
    use crate::surrogate::Surrogate;
    let mut slots = Vec::new();
    for (table, model) in plan.surrogates.iter().zip(models) {
        let mut groups: Vec<&str> = model.card().descriptors.iter().map(|need| need.name.as_str()).collect();
        groups.push(INPUT_GROUP);
        let mut columns = Vec::with_capacity(model.columns().len());
        for column in model.columns() {
            let Some(position) = catalog.position(&groups, &column.label) else {
                return Err(PlanError::ModelMismatch {
                    model: model.card().name.clone(),
                    reason: format!("its column \"{}\" is computed by none of {}", column.label, groups.join(", ")),
                });
            };
            let found = &catalog.columns[position];
            if found.unit != column.unit {
                return Err(PlanError::ModelMismatch {
                    model: model.card().name.clone(),
                    reason: format!(
                        "its column \"{}\" is in {}, the plan's is in {}",
                        column.label, column.unit, found.unit
                    ),
                });
            }
            columns.push(position);
        }
        slots.push(SurrogateSlot { model: model.clone(), name: table.name.clone(), columns });
    }
    Ok(slots)
}

/// Parameters with the paths of a user's own tables (texts that end in `.csv`) taken from the plan's folder.
fn rooted(parameters: &Value, base: &Path) -> Value {
    let mut parameters = parameters.clone();
    for value in parameters.as_object_mut().into_iter().flat_map(|table| table.values_mut()) {
        if let Some(path) = value.as_str().filter(|text| text.ends_with(".csv")) {
            *value = base.join(path).display().to_string().into();
        }
    }
    parameters
}

struct Built {
    slot: FilterSlot,
    used: std::collections::BTreeSet<usize>,
}

fn build_filters(plan: &Plan, catalog: &Catalog) -> Result<Vec<Built>, PlanError> {
    let mut built: Vec<Built> = Vec::new();
    for (column, table) in plan.filters.iter().enumerate() {
        if built.iter().any(|b| b.slot.label == table.label) {
            let reason = format!("two filters are called \"{}\"; give one a name of its own with `as`", table.label);
            return Err(PlanError::table("[[filter]]", &reason));
        }
        if table.label.is_empty() || table.label.contains('/') {
            return Err(PlanError::table("[[filter]]", &format!("\"{}\" cannot name verdicts", table.label)));
        }
        let recorder = catalog.recorder();
        let filter = filter::build(&table.name, &rooted(&table.parameters, &plan.base), &recorder)?;
        let slot = FilterSlot { filter, label: table.label.clone(), undecided: table.undecided, column, rule: 0 };
        built.push(Built { slot, used: recorder.take_used() });
    }
    Ok(built)
}

fn build_rank(plan: &Plan, catalog: &Catalog) -> Result<Option<RankPlan>, PlanError> {
    let Some(table) = &plan.rank else { return Ok(None) };
    let recorder = catalog.recorder();
    let plan = RankSpec::read(table)?.resolve(&|name: &str| recorder.resolve(name))?;
    Ok(Some(plan))
}

/// Whether duplicates are looked for, which needs structures, and all rows that might be ranked.
fn removes_duplicates(plan: &Plan, rank: Option<&RankPlan>, decoder: &dyn Decoder) -> Result<bool, PlanError> {
    if rank.is_none_or(|rank| !rank.spec().duplicates.removes()) {
        return Ok(false);
    }
    if !decoder.has_structures() {
        let reason = "`duplicates` compares crystal structures, the source has none";
        return Err(PlanError::table("[rank]", reason));
    }
    if plan.sink.store == Store::Ranked {
        let reason = "`duplicates` needs all that was kept, which [sink] store = \"ranked\" thins out on the way; \
            expected store = \"survivors\" or \"all\"";
        return Err(PlanError::table("[rank]", reason));
    }
    Ok(true)
}

fn input_group(columns: &[Column]) -> FeatureGroup {
    FeatureGroup {
        name: INPUT_GROUP.into(),
        version: 1,
        parameters: json!({}),
        references: Vec::new(),
        columns: columns.to_vec(),
    }
}

fn feature_group(planned: &Planned) -> FeatureGroup {
    FeatureGroup {
        name: planned.name.clone(),
        version: planned.descriptor.version(),
        parameters: planned.descriptor.parameters(),
        references: planned.descriptor.references().iter().map(|r| format!("{}: {}", r.doi, r.taken)).collect(),
        columns: planned.columns.clone(),
    }
}
