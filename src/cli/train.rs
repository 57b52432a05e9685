//! `matsieve train`: a table with a target becomes one model file.

use std::path::PathBuf;

use crate::screen::DatasetRead;
use crate::surrogate::card::{CommercialUse, Provenance};
use crate::surrogate::{About, SurrogateError, train};

use super::dataset::{DatasetArgs, in_pool, show, training_bar};
use super::{CliError, Context, Exit};

/// Trains a model: cross-validation, calibration, model card, one model file.
#[derive(clap::Args, Debug)]
pub struct TrainArgs {
    #[command(flatten)]
    pub data: DatasetArgs,
    /// Model file; with several targets its name has {target} where the target's stands
    #[arg(short, long, value_name = "MODEL.msm")]
    pub output: PathBuf,
    /// Name of the model; default: the file's
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub provenance: ProvenanceArgs,
}

/// Where the training data come from.
#[derive(clap::Args, Debug)]
pub struct ProvenanceArgs {
    /// Where the data come from: publication or address
    #[arg(long)]
    pub source: Option<String>,
    /// Licence of the data
    #[arg(long)]
    pub licence: Option<String>,
    /// Whether the data may be used commercially
    #[arg(long, value_parser = ["yes", "no", "unknown"], default_value = "unknown")]
    pub commercial_use: String,
}

impl ProvenanceArgs {
    /// For the card.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            source: self.source.clone(),
            licence: self.licence.clone(),
            commercial_use: match self.commercial_use.as_str() {
                "yes" => CommercialUse::Yes,
                "no" => CommercialUse::No,
                _ => CommercialUse::Unknown,
            },
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// Data that cannot be learned from, or a model file that cannot be written.
pub fn run_train(args: &TrainArgs, context: &Context) -> Result<Exit, CliError> {
    args.data.check_outputs(&args.output)?;
    in_pool(context, || args.data.read(None, context, |read| train_one(args, &read, context)))??;
    Ok(Exit::Done)
}

fn train_one(args: &TrainArgs, read: &DatasetRead, context: &Context) -> Result<(), CliError> {
    let output = args.data.output(&args.output, &read.data.target.label)?;
    let recipe = args.data.recipe(&read.data, context)?;
    let about = About {
        name: args
            .name
            .clone()
            .unwrap_or_else(|| output.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
        descriptors: read.descriptors.clone(),
        provenance: args.provenance.provenance(),
    };
    let bar = training_bar(context);
    let model = train(&read.data, &recipe, &about, &|progress| show(&bar, progress)).map_err(surrogate_error)?;
    bar.finish_and_clear();
    model.save(&output).map_err(surrogate_error)?;
    if !context.quiet {
        eprint!("{}", super::model::card_text(model.card()));
        eprintln!("wrote {} ({})", output.display(), &model.sha256()[..12]);
    }
    Ok(())
}

/// A surrogate's error with what to do about it.
pub fn surrogate_error(error: SurrogateError) -> CliError {
    let hint = error.hint().map(str::to_owned);
    CliError { exit: Exit::Usage, error: error.into(), hint }
}
