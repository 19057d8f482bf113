//! From the columns of the training rows to the names of the heads and the width of the network.

use vibelux::model::architecture::LayerSpec;

use super::outputs::Heads;
use crate::config::{ConfigError, TrainingConfig};
use crate::dataset::TableRow;

/// Fills in the heads' names from the training rows, sorted, and gives the last layer an output for
/// each; heads that have their names keep them.
///
/// # Errors
/// [`ConfigError::Range`] if a head finds no name, or the network does not end in a dense layer.
pub fn resolve(config: &mut TrainingConfig, rows: &[TableRow]) -> Result<(), ConfigError> {
    if config.heads.is_empty() {
        return Ok(());
    }
    for head in config.heads.iter_mut().filter(|h| h.names.is_empty()) {
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
