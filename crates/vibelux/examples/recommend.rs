//! From a mood to the songs of a library that fit it.
//!
//! ```text
//! cargo run --release -p vibelux --example recommend -- happy=0.7,surprised=0.3 [library.db]
//! ```
//!
//! The library is one that `vibelux embed --library library.db FOLDER` has made; without one, three songs
//! stand in for it.

use std::path::Path;

use vibelux::EmotionVector;
use vibelux::library::{Outcome, SongStore};
use vibelux::recommend::{Mode, Query, SongIndex, reasons};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mood: EmotionVector = args
        .next()
        .ok_or("usage: recommend MOOD [LIBRARY]")?
        .parse()?;

    // Titles and vectors, in the same order.
    let songs = match args.next() {
        Some(library) => songs_of(Path::new(&library))?,
        None => vec![
            (
                "A bright one".to_owned(),
                "happy=0.6,surprised=0.4".parse()?,
            ),
            ("A dark one".to_owned(), "sad=0.7,fearful=0.3".parse()?),
            ("A calm one".to_owned(), "neutral".parse()?),
        ],
    };
    let (titles, vectors): (Vec<String>, Vec<EmotionVector>) = songs.into_iter().unzip();

    // The index looks at every song, and compares all seven emotions, not only the strongest.
    let index = SongIndex::new(vectors.as_slice(), Mode::Plain);
    let query = Query {
        vector: mood,
        reference: EmotionVector::UNIFORM,
    };
    for found in index.top_k(&query, 5) {
        let why = index.why(&query, found.index).unwrap_or_default();
        let why = reasons(&why).first().map(|(emotion, _)| emotion.name());
        let why = why.unwrap_or("nothing in particular");
        println!(
            "{:.3}  {}  (mostly {why})",
            found.cosine, titles[found.index]
        );
    }
    Ok(())
}

/// The songs of a library that have a vector; others have the reason why not.
fn songs_of(library: &Path) -> Result<Vec<(String, EmotionVector)>, Box<dyn std::error::Error>> {
    let songs = SongStore::open(library)?.songs()?.into_iter();
    Ok(songs
        .filter_map(|song| match song.outcome {
            Outcome::Embedded(vector) => Some((song.title(), vector)),
            Outcome::Failed(_) => None,
        })
        .collect())
}
