//! Gaussian process on the columns that say most of the target: exact for few rows, by inducing points for more.
//!
//! Covariance `σ² (M(r/ℓ) + a x·x′/d + b δ)`: Matérn 5/2, a linear trend, noise. Length, trend and noise maximise the marginal
//! likelihood of a sample of rows; the scale σ² follows from them.

mod covariance;
mod fit;
mod search;
mod trained;

pub use fit::{GaussianProcessParameters, fit_gaussian_process};
pub use trained::GaussianProcess;
