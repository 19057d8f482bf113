//! Pictures, and the files of a network: ONNX, Keras, safetensors, the TOML beside them.

use std::path::Path;

use vibelux::Emotion;
use vibelux::face::{FACE_SIDE, FaceImage, decode_picture};
use vibelux::model::architecture::{Architecture, LayerSpec};
use vibelux::model::keras::{KerasOptions, import};
use vibelux::model::sidecar::{FrontEnd, OutputKind, Sidecar, VERSION};
use vibelux::model::weights::Weights;
use vibelux::model::{FaceModel, reference};

use crate::place::{file, folder};

/// Pictures: JPEG and PNG, their EXIF orientation included.
pub fn picture(data: &[u8]) {
    if let Ok(image) = decode_picture(data, Path::new("picture")) {
        assert_eq!(image.pixels.len(), (image.width * image.height) as usize);
        let _ = FaceImage::whole(&image);
    }
}

/// Keras files: `.h5` (HDF5) and `.keras` (zip).
pub fn keras(data: &[u8]) {
    let path = file("model.keras", data);
    if let Ok(model) = import(&path, KerasOptions::default()) {
        let shapes = model
            .architecture
            .shapes()
            .expect("an imported network fits");
        if shapes.iter().all(|shape| shape.len() < 1 << 16) {
            let input = vec![0.5; shapes[0].len()];
            reference::forward(&model.architecture, &model.weights, &input)
                .expect("imported weights fit");
        }
    }
}

/// The TOML beside a model.
pub fn sidecar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(sidecar) = Sidecar::parse(text, Path::new("model.toml")) {
        let path = folder().join("model.toml");
        sidecar.save(&path).expect("a valid sidecar can be written");
        assert_eq!(Sidecar::load(&path).expect("and read"), sidecar);
    }
}

/// Weights as safetensors, their shapes against a network.
pub fn weights(data: &[u8]) {
    let path = file("weights.safetensors", data);
    if let Ok(weights) = Weights::load(&path) {
        let net = small_net();
        let input = vec![0.5; FACE_SIDE * FACE_SIDE];
        let _ = reference::forward(&net, &weights, &input);
    }
}

/// A network file from elsewhere, loaded and run once.
pub fn onnx(data: &[u8]) {
    let path = file("model.onnx", data);
    let sidecar = Sidecar {
        version: VERSION,
        name: "fuzz".to_owned(),
        input: [1, FACE_SIDE, FACE_SIDE],
        classes: Emotion::ALL.to_vec(),
        sound_kinds: None,
        output: OutputKind::Logits,
        temperature: 1.0,
        prior: None,
        front_end: FrontEnd::Face {
            mean: 0.0,
            std: 1.0,
            mirror: false,
        },
    };
    sidecar
        .save(&folder().join("model.toml"))
        .expect("a valid sidecar can be written");
    if let Ok(model) = FaceModel::load(&path) {
        let _ = model.classify(&FaceImage([100; FACE_SIDE * FACE_SIDE]));
    }
}

/// A network that is small enough to be run for every input.
#[must_use]
pub fn small_net() -> Architecture {
    let pool = LayerSpec::MaxPool {
        size: [12, 12],
        stride: [12, 12],
    };
    Architecture {
        input: [1, FACE_SIDE, FACE_SIDE],
        layers: vec![pool, LayerSpec::Flatten, LayerSpec::Dense { units: 7 }],
    }
}
