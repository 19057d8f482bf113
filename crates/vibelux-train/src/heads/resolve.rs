//! From the columns of the training rows to the names of the heads and the width of the network.

use vibelux::model::architecture::LayerSpec;

use super::config::HeadConfig;
use super::outputs::Heads;
use crate::config::{ConfigError, TrainingConfig};
use crate::dataset::TableRow;

/// Fills in the heads' names from the training rows, sorted, and gives the last layer an output for
/// each; heads that have their names keep them.
///
/// # Errors
/// [`ConfigError::Range`] if a head finds no name, or the network does not end in a dense layer;
/// [`ConfigError::Track`] if no file of a track can be read.
pub fn resolve(config: &mut TrainingConfig, rows: &[TableRow]) -> Result<(), ConfigError> {
    if config.heads.is_empty() {
        return Ok(());
    }
    for head in config.heads.iter_mut().filter(|h| h.names.is_empty()) {
        if head.kind.is_track() {
            head.names = track_names(head, rows)?;
            continue;
        }
        let mut counts = std::collections::BTreeMap::new();
        for (name, _) in rows.iter().filter_map(|row| head.read(row)).flatten() {
            *counts.entry(name.to_owned()).or_insert(0) += 1;
        }
        let frequent = counts.into_iter().filter(|(_, n)| *n >= head.least_rows);
        head.names = frequent.map(|(name, _)| name).collect();
        if head.names.is_empty() {
            return Err(ConfigError::Range {
                field: "heads.column",
                value: head.column.clone(),
                expected: "a column with values of this kind in `least_rows` of the training rows",
            });
        }
    }
    for head in &config.heads {
        head.sound_kinds()?;
    }
    let outputs = Heads::new(&config.heads).outputs();
    let layers = &mut config.architecture.layers;
    let dense = layers.iter_mut().rev().find_map(|layer| match layer {
        LayerSpec::Dense { units } => Some(units),
        _ => None,
    });
    match dense {
        Some(units) => *units = outputs,
        None => {
            return Err(ConfigError::Range {
                field: "heads",
                value: format!("a list of {}", config.heads.len()),
                expected: "left out, or the network must end in a dense layer",
            });
        }
    }
    // One softmax over all heads would be wrong, and training works on logits anyway.
    if layers.last() == Some(&LayerSpec::Softmax) {
        layers.pop();
    }
    Ok(())
}

/// The values of the first track that can be read, by their numbers: all files must have as many.
fn track_names(head: &HeadConfig, rows: &[TableRow]) -> Result<Vec<String>, ConfigError> {
    let mut first_error = None;
    for track in rows.iter().filter_map(|row| head.track(row).transpose()) {
        match track {
            Ok(track) => return Ok((0..track.names()).map(|n| format!("{n:03}")).collect()),
            // A broken song stops no run.
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.map_or_else(
        || ConfigError::Range {
            field: "heads.column",
            value: head.column.clone(),
            expected: "a column with files of this kind in the training rows",
        },
        ConfigError::Track,
    ))
}
