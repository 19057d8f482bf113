//! `vibelux import keras FILE -o DIR`: a model trained with Keras becomes one of ours.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use vibelux::model::FaceModel;
use vibelux::model::keras::{KerasOptions, Subject, import};

/// Flags of `vibelux import keras`.
#[derive(Debug, clap::Args)]
pub struct ImportKerasArgs {
    /// A Sequential model: .h5 or .keras, as model.save() writes it
    file: PathBuf,
    /// Folder for model.onnx, model.toml, weights.safetensors and architecture.toml
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The model looks at spectrogram pictures instead of faces
    #[arg(long)]
    music: bool,
    /// The model was trained on pixels already divided by 255
    #[arg(long)]
    unit_pixels: bool,
}

/// Runs the command.
pub fn run(args: ImportKerasArgs) -> anyhow::Result<ExitCode> {
    let options = KerasOptions {
        subject: if args.music {
            Subject::SpectrogramImages
        } else {
            Subject::Faces
        },
        unit_pixels: args.unit_pixels,
    };
    let model = import(&args.file, options)?;
    let onnx = model.save(&args.output)?;
    if !args.music {
        // What was written must also be readable, or the user would find out at the first face.
        FaceModel::load(&onnx).context("the imported model does not run")?;
    }
    println!(
        "{}: {} layers, {} parameters, input {:?}",
        onnx.display(),
        model.architecture.layers.len(),
        model.architecture.parameter_count()?,
        model.architecture.input,
    );
    if !model.rescales() && !args.unit_pixels {
        crate::tell!(
            "The model does not scale its pixels, so it is fed 0 to 255. If it was trained on \
             pixels divided by 255, import it again with --unit-pixels."
        );
    }
    crate::tell!("The classes are taken to be in alphabetical order, angry to surprised.");
    Ok(ExitCode::SUCCESS)
}
