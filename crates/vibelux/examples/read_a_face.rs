//! From a picture to the emotion in its largest face.
//!
//! ```text
//! cargo run --release -p vibelux --example read_a_face -- picture.jpg
//! ```

use std::path::Path;

use vibelux::detect::FaceDetector;
use vibelux::face::{FaceImage, load_picture};
use vibelux::model::FaceModel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args()
        .nth(1)
        .ok_or("usage: read_a_face PICTURE")?;

    // Any JPEG or PNG, upright as its EXIF tag says, in grey: the network has never seen colours.
    let picture = load_picture(Path::new(&file))?;

    // Faces come largest first. That there is none is no error.
    let faces = FaceDetector::new()?.detect(&picture);
    let Some(largest) = faces.first() else {
        println!("no face found in {file}");
        return Ok(());
    };

    // The model reads 48x48 pixels, framed like the faces that it was trained on.
    let face = FaceImage::crop(&picture, largest);
    let vector = FaceModel::shipped()?.classify(&face)?;

    println!("this face looks {}", vector.strongest());
    println!("{vector}");
    Ok(())
}
