//! Keras layers to ours, one by one, with their arrays brought into our order.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::architecture::{Architecture, LayerSpec, Padding, Shape};
use super::super::weights::{Tensor, Weights};
use super::config::{Layer, Sequential};
use super::container::{ArrayPlace, Container};
use super::error::KerasError;

/// Layers that do something in training only.
const TRAINING_ONLY: [&str; 13] = [
    "ActivityRegularization",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomHeight",
    "RandomRotation",
    "RandomTranslation",
    "RandomWidth",
    "RandomZoom",
    "SpatialDropout2D",
];
/// The slope of the activation `"leaky_relu"`, in both generations of Keras.
const LEAKY_ACTIVATION: f32 = 0.2;
/// The slope of the layer `LeakyReLU` where a file does not say.
const LEAKY_LAYER: f32 = 0.3;

/// Turns the layers and their arrays into a network of ours.
pub fn convert(
    path: &Path,
    model: &Sequential,
    container: &Container,
) -> Result<(Architecture, Weights), KerasError> {
    let mut converter = Converter {
        path,
        container,
        architecture: Architecture {
            input: model.input,
            layers: Vec::new(),
        },
        shape: Shape::Image(model.input),
        weights: BTreeMap::new(),
        ordinals: BTreeMap::new(),
        flattened: None,
    };
    // Refuses an absurd input before anything is computed from it.
    converter.push_all([])?;
    for layer in &model.layers {
        converter.layer(layer)?;
    }
    if converter.flattened.is_some() {
        return Err(KerasError::FlattenedOutput {
            path: path.to_owned(),
        });
    }
    Ok((converter.architecture, Weights(converter.weights)))
}

struct Converter<'a> {
    path: &'a Path,
    container: &'a Container,
    architecture: Architecture,
    /// The shape after the last layer.
    shape: Shape,
    weights: BTreeMap<String, Tensor>,
    /// How many layers with arrays there were of each class.
    ordinals: BTreeMap<&'static str, usize>,
    /// The image `[c, h, w]` that was flattened in Keras's order, until a dense layer undoes that.
    flattened: Option<[usize; 3]>,
}

impl Converter<'_> {
    fn layer(&mut self, layer: &Layer) -> Result<(), KerasError> {
        if layer.setting("data_format") == "channels_first" {
            return Err(layer.unsupported_setting("data_format"));
        }
        match layer.class.as_str() {
            "Conv2D" => self.conv(layer),
            "Dense" => self.dense(layer),
            "BatchNormalization" => self.batch_norm(layer),
            "MaxPooling2D" => self.max_pool(layer),
            "Rescaling" => {
                let spec = LayerSpec::Rescale {
                    scale: layer.number("scale", None)?,
                    offset: layer.number("offset", Some(0.0))?,
                };
                self.push_all([spec])
            }
            "Dropout" => {
                let rate = layer.number("rate", None)?;
                if !(0.0..=1.0).contains(&rate) {
                    return Err(layer.unsupported_setting("rate"));
                }
                self.push_all([LayerSpec::Dropout { rate }])
            }
            "Flatten" => {
                if let Shape::Image([c, h, w]) = self.shape {
                    // One channel or one pixel: both orders are the same.
                    self.flattened = (c > 1 && h * w > 1).then_some([c, h, w]);
                }
                self.push_all([LayerSpec::Flatten])
            }
            "GlobalAveragePooling2D" => {
                layer.require("keepdims", &[json!(false)])?;
                self.push_all([LayerSpec::GlobalAveragePool])
            }
            "LeakyReLU" => {
                let slope = leaky_slope(layer.setting("negative_slope"), layer.setting("alpha"))
                    .ok_or_else(|| layer.unsupported_setting("negative_slope"))?;
                self.push_all([LayerSpec::LeakyRelu { alpha: slope }])
            }
            "ReLU" => {
                layer.require("max_value", &[])?;
                layer.require("threshold", &[json!(0.0), json!(0)])?;
                let alpha = layer.number("negative_slope", Some(0.0))?;
                self.push_all([if alpha == 0.0 {
                    LayerSpec::Relu
                } else {
                    LayerSpec::LeakyRelu { alpha }
                }])
            }
            "Softmax" => {
                layer.require("axis", &[json!(-1), json!(1), json!([-1]), json!([1])])?;
                self.push_all([LayerSpec::Softmax])
            }
            "Activation" => {
                let activation = activation(layer)?;
                self.push_all(activation)
            }
            class if TRAINING_ONLY.contains(&class) => Ok(()),
            _ => Err(layer.unsupported()),
        }
    }

    fn conv(&mut self, layer: &Layer) -> Result<(), KerasError> {
        for key in ["strides", "dilation_rate"] {
            if layer.pair(key, Some([1, 1]))? != [1, 1] {
                return Err(layer.unsupported_setting(key));
            }
        }
        layer.require("groups", &[json!(1)])?;
        let Shape::Image([channels, _, _]) = self.shape else {
            return Err(layer.unsupported());
        };
        let (filters, [height, width]) = (layer.size("filters")?, layer.pair("kernel_size", None)?);
        let bias = layer.flag("use_bias", true);
        let activation = activation(layer)?;
        self.push_all([LayerSpec::Conv2d {
            filters,
            kernel: [height, width],
            padding: match layer.setting("padding").as_str() {
                Some("same") => Padding::Same,
                Some("valid") | None => Padding::Valid,
                _ => return Err(layer.unsupported_setting("padding")),
            },
            bias,
        }])?;
        let ordinal = self.next_ordinal("conv2d");
        let place = |array, index| ArrayPlace {
            layer: &layer.name,
            class: "conv2d",
            ordinal,
            array,
            index,
        };
        let hwio = self
            .container
            .array(&place("kernel", 0), &[height, width, channels, filters])?;
        let mut kernel = Vec::with_capacity(hwio.len());
        for o in 0..filters {
            for i in 0..channels {
                let taps = 0..height * width;
                kernel.extend(taps.map(|tap| hwio[(tap * channels + i) * filters + o]));
            }
        }
        let name = format!("conv{}", ordinal + 1);
        self.put(
            format!("{name}.weight"),
            &[filters, channels, height, width],
            kernel,
        );
        if bias {
            let values = self.container.array(&place("bias", 1), &[filters])?;
            self.put(format!("{name}.bias"), &[filters], values);
        }
        self.push_all(activation)
    }

    fn dense(&mut self, layer: &Layer) -> Result<(), KerasError> {
        // On an image Keras's Dense works on each pixel; ours takes flat features only.
        let Shape::Flat([features]) = self.shape else {
            return Err(layer.unsupported());
        };
        let units = layer.size("units")?;
        let activation = activation(layer)?;
        self.push_all([LayerSpec::Dense { units }])?;
        let ordinal = self.next_ordinal("dense");
        let place = |array, index| ArrayPlace {
            layer: &layer.name,
            class: "dense",
            ordinal,
            array,
            index,
        };
        let kernel = self
            .container
            .array(&place("kernel", 0), &[features, units])?;
        let order = self.keras_order(features);
        let mut matrix = Vec::with_capacity(kernel.len());
        for unit in 0..units {
            matrix.extend(order.iter().map(|row| kernel[row * units + unit]));
        }
        self.flattened = None;
        let bias = if layer.flag("use_bias", true) {
            self.container.array(&place("bias", 1), &[units])?
        } else {
            vec![0.0; units]
        };
        let name = format!("dense{}", ordinal + 1);
        self.put(format!("{name}.weight"), &[units, features], matrix);
        self.put(format!("{name}.bias"), &[units], bias);
        self.push_all(activation)
    }

    fn batch_norm(&mut self, layer: &Layer) -> Result<(), KerasError> {
        let (channels, last) = match self.shape {
            Shape::Image([c, _, _]) => (c, 3),
            Shape::Flat([n]) => (n, 1),
        };
        layer.require(
            "axis",
            &[json!(-1), json!(last), json!([-1]), json!([last])],
        )?;
        self.push_all([LayerSpec::BatchNorm {
            epsilon: layer.number("epsilon", Some(1e-3))?,
        }])?;
        let ordinal = self.next_ordinal("batch_normalization");
        let order = self.keras_order(channels);
        let mut index = 0;
        for (array, field, present, absent) in [
            ("gamma", "weight", layer.flag("scale", true), 1.0),
            ("beta", "bias", layer.flag("center", true), 0.0),
            ("moving_mean", "running_mean", true, 0.0),
            ("moving_variance", "running_var", true, 1.0),
        ] {
            let values = if present {
                let place = ArrayPlace {
                    layer: &layer.name,
                    class: "batch_normalization",
                    ordinal,
                    array,
                    index,
                };
                index += 1;
                let values = self.container.array(&place, &[channels])?;
                order.iter().map(|&i| values[i]).collect()
            } else {
                vec![absent; channels]
            };
            self.put(format!("bn{}.{field}", ordinal + 1), &[channels], values);
        }
        Ok(())
    }

    fn max_pool(&mut self, layer: &Layer) -> Result<(), KerasError> {
        let size = layer.pair("pool_size", Some([2, 2]))?;
        let stride = layer.pair("strides", Some(size))?;
        if let (Some("same"), Shape::Image([_, h, w])) =
            (layer.setting("padding").as_str(), self.shape)
        {
            // Windows that tile the image need no padding, so "same" is "valid".
            if size != stride || !h.is_multiple_of(size[0]) || !w.is_multiple_of(size[1]) {
                return Err(layer.unsupported_setting("padding"));
            }
        }
        self.push_all([LayerSpec::MaxPool { size, stride }])
    }

    /// Appends layers and checks that they fit what is there.
    fn push_all(&mut self, specs: impl IntoIterator<Item = LayerSpec>) -> Result<(), KerasError> {
        self.architecture.layers.extend(specs);
        let shapes = self
            .architecture
            .shapes()
            .map_err(|source| KerasError::Architecture {
                path: self.path.to_owned(),
                source,
            })?;
        if let Some(last) = shapes.last() {
            self.shape = *last;
        }
        Ok(())
    }

    fn put(&mut self, name: String, shape: &[usize], data: Vec<f32>) {
        let shape = shape.to_vec();
        self.weights.insert(name, Tensor { shape, data });
    }

    fn next_ordinal(&mut self, class: &'static str) -> usize {
        let count = self.ordinals.entry(class).or_default();
        *count += 1;
        *count - 1
    }

    /// For each of our features the one of Keras: height, width, channel instead of channel,
    /// height, width while a flattened image is on its way; otherwise the same.
    fn keras_order(&self, features: usize) -> Vec<usize> {
        let Some([c, h, w]) = self.flattened else {
            return (0..features).collect();
        };
        (0..c)
            .flat_map(|channel| (0..h * w).map(move |pixel| pixel * c + channel))
            .collect()
    }
}

/// The layer that a layer's `activation` amounts to; none for linear.
fn activation(layer: &Layer) -> Result<Option<LayerSpec>, KerasError> {
    let value = layer.setting("activation");
    // A name, or an object such as {"class_name": "LeakyReLU", "config": {...}}.
    let (name, config) = match value {
        Value::Null => return Ok(None),
        Value::String(name) => (name.as_str(), &Value::Null),
        object => match object["class_name"].as_str() {
            Some("function") => (object["config"].as_str().unwrap_or(""), &Value::Null),
            name => (name.unwrap_or(""), &object["config"]),
        },
    };
    let spec = match name {
        "linear" => return Ok(None),
        "relu" => Some(LayerSpec::Relu),
        "softmax" => Some(LayerSpec::Softmax),
        "leaky_relu" => Some(LayerSpec::LeakyRelu {
            alpha: LEAKY_ACTIVATION,
        }),
        "LeakyReLU" => leaky_slope(&config["negative_slope"], &config["alpha"])
            .map(|alpha| LayerSpec::LeakyRelu { alpha }),
        _ => None,
    };
    spec.map(Some)
        .ok_or_else(|| layer.unsupported_setting("activation"))
}

/// Keras 3 calls it `negative_slope`, Keras 2 `alpha`.
fn leaky_slope(negative_slope: &Value, alpha: &Value) -> Option<f32> {
    let value = if negative_slope.is_null() {
        alpha
    } else {
        negative_slope
    };
    match value {
        Value::Null => Some(LEAKY_LAYER),
        value => value.as_f64().map(|x| x as f32).filter(|x| x.is_finite()),
    }
}
