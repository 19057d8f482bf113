//! A run folder: what `vibelux train` writes, from the configuration to the pictures.
//!
//! | file | what |
//! | --- | --- |
//! | `config.toml` | every choice, the seed included |
//! | `data.toml` | which labels, rows and folds of the data |
//! | `trained_on.txt` | for songs: what each was known by ([`crate::dataset::TrainedOn`]) |
//! | `checkpoint.safetensors` | the state to resume from |
//! | `metrics.csv`, `metrics.json` | one row per epoch |
//! | `weights.safetensors` | the selected weights |
//! | `model.onnx`, `model.toml` | the model to use elsewhere, and how to feed it |
//! | `training_curves.*`, `confusion_matrix.*`, `reliability_diagram.*` | PNG and SVG |
//! | `report.json` | the figures on the validation split |
//! | `predictions.csv` | for songs: what the network says of each that it was judged on |

mod choices;
mod data_sets;
mod error;
mod export;
mod figures;
mod load;
mod paths;
mod prepare;
mod songs;
mod start;
mod training;

pub use choices::{Choices, config_differences, resumed_paths};
pub use data_sets::DataSets;
pub use error::RunError;
pub use figures::{report, temperature_of, write_report};
pub use load::load_data;
pub use paths::RunPaths;
pub use prepare::{prepare, saved, settle};
pub use songs::resolve_heads;
pub use start::has_outputs_of_start;
pub use training::{Finished, run};
