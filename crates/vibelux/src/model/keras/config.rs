//! The JSON configuration of a Keras model: the sequence of its layers and their settings.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::KerasError;

/// A Sequential model as its configuration describes it.
pub struct Sequential {
    /// Channels, height and width.
    pub input: [usize; 3],
    /// In order, without the InputLayer.
    pub layers: Vec<Layer>,
}

/// One layer of it.
pub struct Layer {
    path: PathBuf,
    /// Unique within the model.
    pub name: String,
    /// The class in Keras, for example `Conv2D`.
    pub class: String,
    config: Value,
}

/// Parses `{"class_name": "Sequential", "config": {"layers": [...]}}`.
pub fn parse(json: &str, path: &Path) -> Result<Sequential, KerasError> {
    let model: Value = serde_json::from_str(json).map_err(|source| KerasError::Config {
        path: path.to_owned(),
        source,
    })?;
    let class = model["class_name"].as_str().unwrap_or("nameless");
    // Before Keras 2.2.3 the list of layers was the whole configuration.
    let layers = match &model["config"] {
        Value::Array(layers) => Some(layers),
        config => config["layers"].as_array(),
    };
    let (Some(layers), "Sequential") = (layers, class) else {
        return Err(KerasError::NotSequential {
            path: path.to_owned(),
            got: class.to_owned(),
        });
    };
    let mut shape = &model["config"]["build_input_shape"];
    let mut sequence = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let config = &layer["config"];
        // An InputLayer, or in older files the first layer, says what goes in.
        for key in ["batch_shape", "batch_input_shape"] {
            if index == 0 && config[key].is_array() {
                shape = &config[key];
            }
        }
        let class = layer["class_name"].as_str().unwrap_or("nameless");
        if class != "InputLayer" {
            sequence.push(Layer {
                path: path.to_owned(),
                name: config["name"].as_str().unwrap_or("nameless").to_owned(),
                class: class.to_owned(),
                config: config.clone(),
            });
        }
    }
    let size = |axis: usize| shape[axis].as_u64().and_then(|n| usize::try_from(n).ok());
    let (Some(height), Some(width), Some(channels), Some(4)) =
        (size(1), size(2), size(3), shape.as_array().map(Vec::len))
    else {
        return Err(KerasError::Input {
            path: path.to_owned(),
            got: shape.to_string(),
        });
    };
    Ok(Sequential {
        input: [channels, height, width],
        layers: sequence,
    })
}

impl Layer {
    /// The error that names this layer's class.
    pub fn unsupported(&self) -> KerasError {
        KerasError::UnsupportedLayer {
            path: self.path.clone(),
            layer: self.name.clone(),
            class: self.class.clone(),
        }
    }

    /// The error that names one of this layer's settings.
    pub fn unsupported_setting(&self, setting: &'static str) -> KerasError {
        KerasError::UnsupportedSetting {
            path: self.path.clone(),
            layer: self.name.clone(),
            setting,
            value: self.config[setting].to_string(),
        }
    }

    /// The raw value of a setting; null if it is not there.
    pub fn setting(&self, key: &str) -> &Value {
        &self.config[key]
    }

    /// A number; `default` if it is not there.
    pub fn number(&self, key: &'static str, default: Option<f32>) -> Result<f32, KerasError> {
        match &self.config[key] {
            Value::Null => default,
            value => value.as_f64().map(|x| x as f32).filter(|x| x.is_finite()),
        }
        .ok_or_else(|| self.unsupported_setting(key))
    }

    /// A positive whole number.
    pub fn size(&self, key: &'static str) -> Result<usize, KerasError> {
        whole(&self.config[key]).ok_or_else(|| self.unsupported_setting(key))
    }

    /// Height and width, which may be written as one number; `default` if null or not there.
    pub fn pair(
        &self,
        key: &'static str,
        default: Option<[usize; 2]>,
    ) -> Result<[usize; 2], KerasError> {
        match &self.config[key] {
            Value::Null => default,
            Value::Array(pair) => match pair.as_slice() {
                [a, b] => whole(a).zip(whole(b)).map(|(a, b)| [a, b]),
                _ => None,
            },
            number => whole(number).map(|n| [n, n]),
        }
        .ok_or_else(|| self.unsupported_setting(key))
    }

    /// A truth value; `default` if it is not there.
    pub fn flag(&self, key: &'static str, default: bool) -> bool {
        self.config[key].as_bool().unwrap_or(default)
    }

    /// Refuses the layer unless the setting is absent, null or one of `allowed`.
    pub fn require(&self, key: &'static str, allowed: &[Value]) -> Result<(), KerasError> {
        let value = &self.config[key];
        if value.is_null() || allowed.contains(value) {
            Ok(())
        } else {
            Err(self.unsupported_setting(key))
        }
    }
}

/// Sizes far beyond this are refused later; the limit keeps sums of them from overflowing.
fn whole(value: &Value) -> Option<usize> {
    let n = value.as_u64().filter(|n| (1..=1 << 24).contains(n))?;
    usize::try_from(n).ok()
}
