//! [`FaceModel`]: a face crop becomes an [`EmotionVector`].

use std::path::Path;

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};

use super::error::ModelError;
use super::runtime::Network;
use super::shipped;
use super::sidecar::{FrontEnd, OutputKind, Sidecar};
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::face::{FaceImage, FaceQuality};

/// Side of a [`FaceImage`].
const FACE_SIDE: u32 = 48;

/// A classifier of faces. Can be shared between threads.
#[derive(Debug)]
pub struct FaceModel {
    network: Network,
    sidecar: Sidecar,
    mean: f32,
    std: f32,
    mirror: bool,
}

impl FaceModel {
    /// The model that comes with the program.
    ///
    /// # Errors
    /// Only if the program was built with a broken one.
    pub fn shipped() -> Result<Self, ModelError> {
        let path = shipped::FACE.path();
        let sidecar = Sidecar::parse(shipped::FACE.sidecar, path)?;
        let network = Network::from_bytes(shipped::FACE.onnx()?, path, &sidecar)?;
        Self::new(network, sidecar)
    }

    /// Somebody's own: `F.onnx` with the sidecar `F.toml` beside it.
    ///
    /// # Errors
    /// If either is missing, broken, or does not fit the other.
    pub fn load(onnx: &Path) -> Result<Self, ModelError> {
        let (network, sidecar) = Network::load(onnx)?;
        Self::new(network, sidecar)
    }

    fn new(network: Network, sidecar: Sidecar) -> Result<Self, ModelError> {
        let FrontEnd::Face { mean, std, mirror } = sidecar.front_end else {
            return Err(ModelError::FrontEnd {
                path: network.path().to_owned(),
                got: sidecar.front_end.name(),
                needed: "face",
            });
        };
        Ok(Self {
            network,
            sidecar,
            mean,
            std,
            mirror,
        })
    }

    /// The distribution over the emotions: softmax of the logits divided by the fitted temperature.
    /// Where the sidecar says so, the logits are averaged with those of the mirror image.
    ///
    /// # Errors
    /// If the network fails or gives numbers that are no distribution.
    pub fn classify(&self, face: &FaceImage) -> Result<EmotionVector, ModelError> {
        let values = self.views(face);
        self.combine(self.network.run(&values)?.as_chunks().0)
    }

    /// One vector per face, in order.
    ///
    /// # Errors
    /// As [`Self::classify`].
    pub fn classify_batch(&self, faces: &[FaceImage]) -> Result<Vec<EmotionVector>, ModelError> {
        // Larger batches only take more memory: a call uses one core anyway.
        const AT_ONCE: usize = 16;
        let views = if self.mirror { 2 } else { 1 };
        let mut vectors = Vec::with_capacity(faces.len());
        for faces in faces.chunks(AT_ONCE) {
            let values: Vec<f32> = faces.iter().flat_map(|face| self.views(face)).collect();
            let outputs = self.network.run(&values)?;
            for logits in outputs.as_chunks().0.chunks(views) {
                vectors.push(self.combine(logits)?);
            }
        }
        Ok(vectors)
    }

    /// The sidecar's name for this model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sidecar.name
    }

    /// The mean vector over the data that the model was judged on.
    #[must_use]
    pub const fn prior(&self) -> Option<EmotionVector> {
        self.sidecar.prior
    }

    /// A reading as far as it counts ([`FaceQuality::weight`]); the rest is the average face.
    #[must_use]
    pub fn weighed(&self, reading: &EmotionVector, quality: &FaceQuality) -> EmotionVector {
        reading.in_part(quality.weight(), &self.average())
    }

    /// The average face: the prior, or all emotions alike where there is none.
    #[must_use]
    pub fn average(&self) -> EmotionVector {
        self.prior().unwrap_or(EmotionVector::UNIFORM)
    }

    /// The network's input for the face, followed by its mirror image where that is wanted.
    fn views(&self, face: &FaceImage) -> Vec<f32> {
        let mut values = Vec::with_capacity(2 * self.network.example_len());
        self.push_pixels(face, &mut values);
        if self.mirror {
            self.push_pixels(&face.mirrored(), &mut values);
        }
        values
    }

    fn push_pixels(&self, face: &FaceImage, values: &mut Vec<f32>) {
        let [channels, height, width] = self.network.shape();
        let pixels = sized(&face.0, FACE_SIDE, [height, width]);
        // A network that wants colour gets the same grey in every channel.
        for _ in 0..channels {
            values.extend(
                pixels
                    .iter()
                    .map(|&p| (f32::from(p) / 255.0 - self.mean) / self.std),
            );
        }
    }

    fn combine(&self, views: &[[f32; EMOTION_COUNT]]) -> Result<EmotionVector, ModelError> {
        distribution(views, &self.sidecar).map_err(|source| ModelError::Output {
            path: self.network.path().to_owned(),
            source,
        })
    }
}

/// A square grey picture at another size.
fn sized(pixels: &[u8], side: u32, [height, width]: [usize; 2]) -> Vec<u8> {
    let target = (u32::try_from(width), u32::try_from(height));
    let (Ok(width), Ok(height)) = target else {
        return Vec::new();
    };
    if (width, height) == (side, side) {
        return pixels.to_vec();
    }
    ImageBuffer::<Luma<u8>, _>::from_raw(side, side, pixels)
        .map(|picture| resize(&picture, width, height, FilterType::Triangle).into_raw())
        .unwrap_or_default()
}

/// Averages the views' logits, divides by the temperature, takes the softmax, and puts the classes
/// into our order. Probabilities enter as their logarithms, which are logits up to a constant.
pub(super) fn distribution(
    views: &[[f32; EMOTION_COUNT]],
    sidecar: &Sidecar,
) -> Result<EmotionVector, crate::emotion::EmotionError> {
    // Smaller probabilities count as this, so that a zero does not become minus infinity.
    const SMALLEST: f32 = 1e-12;
    let mut logits = [0.0_f32; EMOTION_COUNT];
    for view in views {
        for (&value, class) in view.iter().zip(&sidecar.classes) {
            let logit = match sidecar.output {
                OutputKind::Logits => value,
                // A NaN must stay one to be noticed: `max` would swallow it.
                OutputKind::Probabilities if value.is_nan() => value,
                OutputKind::Probabilities => value.max(SMALLEST).ln(),
            };
            logits[class.index()] += logit / views.len() as f32;
        }
    }
    EmotionVector::from_logits(logits, sidecar.temperature)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::architecture::{Architecture, LayerSpec};
    use super::super::onnx::to_onnx;
    use super::super::sidecar::VERSION;
    use super::super::weights::{Tensor, Weights};
    use super::*;
    use crate::emotion::Emotion;

    fn sidecar(output: OutputKind, mirror: bool) -> Sidecar {
        let mut classes = Emotion::ALL.to_vec();
        classes.reverse();
        Sidecar {
            version: VERSION,
            name: "own".to_owned(),
            input: [1, 2, 48],
            classes,
            sound_kinds: None,
            output,
            temperature: 2.0,
            prior: None,
            front_end: FrontEnd::Face {
                mean: 0.5,
                std: 0.25,
                mirror,
            },
        }
    }

    /// Logits from the left half's mean alone: weight k for class k.
    fn model(mirror: bool) -> Result<FaceModel, ModelError> {
        let net = Architecture {
            input: [1, 2, 48],
            layers: vec![LayerSpec::Flatten, LayerSpec::Dense { units: 7 }],
        };
        let left = |i: usize| if i % 48 < 24 { 1.0 / 48.0 } else { 0.0 };
        let rows = (0..7).flat_map(|k| (0..96).map(move |i| k as f32 * left(i)));
        let tensor = |shape: &[usize], data| Tensor {
            shape: shape.to_vec(),
            data,
        };
        let weights = Weights(BTreeMap::from([
            ("dense1.weight".to_owned(), tensor(&[7, 96], rows.collect())),
            ("dense1.bias".to_owned(), tensor(&[7], vec![0.0; 7])),
        ]));
        let dir = tempfile::tempdir().unwrap();
        let onnx = dir.path().join("own.onnx");
        std::fs::write(&onnx, to_onnx(&net, &weights).unwrap()).unwrap();
        sidecar(OutputKind::Logits, mirror)
            .save(&dir.path().join("own.toml"))
            .unwrap();
        FaceModel::load(&onnx)
    }

    /// White on the left, black on the right.
    fn half_white() -> FaceImage {
        FaceImage(std::array::from_fn(|i| if i % 48 < 24 { 255 } else { 0 }))
    }

    fn assert_close(got: EmotionVector, expected: EmotionVector) {
        for (a, b) in got.values().iter().zip(expected.values()) {
            assert!((a - b).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn pixels_temperature_and_class_order_follow_the_sidecar() {
        // White is (1 - 0.5) / 0.25 = 2, so class k has logit 2 k; the classes are reversed.
        let logits = std::array::from_fn(|i| 2.0 * (6 - i) as f32);
        let expected = EmotionVector::from_logits(logits, 2.0).unwrap();
        let one_sided = model(false).unwrap();
        assert_close(one_sided.classify(&half_white()).unwrap(), expected);
        assert_eq!(one_sided.name(), "own");
        // The mirror image gives -2 k, so the averaged logits are zero.
        let both = model(true).unwrap();
        assert_close(
            both.classify(&half_white()).unwrap(),
            EmotionVector::UNIFORM,
        );
        let batch = both.classify_batch(&vec![half_white(); 20]).unwrap();
        assert_eq!(batch.len(), 20);
    }

    #[test]
    fn probabilities_pass_through_at_temperature_one() {
        let mut sidecar = sidecar(OutputKind::Probabilities, false);
        sidecar.temperature = 1.0;
        let p = [0.5, 0.25, 0.125, 0.125, 0.0, 0.0, 0.0];
        let vector = distribution(&[p], &sidecar).unwrap();
        let mut reversed = p;
        reversed.reverse();
        assert_close(vector, EmotionVector::from_weights(reversed).unwrap());
        assert!(distribution(&[[f32::NAN; 7]], &sidecar).is_err());
    }

    #[test]
    fn a_model_without_a_sidecar_is_an_error_that_shows_one() {
        let dir = tempfile::tempdir().unwrap();
        let onnx = dir.path().join("f.onnx");
        assert!(matches!(
            FaceModel::load(&onnx),
            Err(ModelError::Io { path, .. }) if path == onnx
        ));
        std::fs::write(&onnx, b"").unwrap();
        let message = FaceModel::load(&onnx).unwrap_err().to_string();
        assert!(message.contains("f.toml") && message.contains("front_end = \"face\""));
    }
}
