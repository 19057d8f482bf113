//! Parquet files of songs, as clusters write them (`docs/guide/cluster.md`): a row a song, read one group of rows after another.
//!
//! `path` is needed, and the vector: in one column `vector` of seven numbers, or in seven columns named by the emotions. What else
//! there may be is listed at [`import`]. Columns that nobody knows are passed by.

use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field, Row};

use super::error::LibraryError;
use super::failure::{Failure, FailureKind};
use super::import::{ImportSummary, ImportedSong, Importer};
use super::song::{FileStamp, Outcome, Song};
use super::store::SongStore;
use super::tags::{Encoding, Tags};
use crate::emotion::{Emotion, EmotionVector};

/// The model name of songs whose rows name none.
const UNNAMED: &str = "parquet";

/// What the file of a folder of them ends in.
const EXTENSION: &str = "parquet";

/// Puts the songs of a Parquet file, or of all such files in a folder, into the library. Relative paths are taken from `base`.
///
/// Columns: `path` (text), `vector` (list of seven numbers) or `angry`, `disgusted`, ... (numbers); may be there: `model`, `title`,
/// `artist`, `album`, `genre`, `sound` (`music`, `speech`, `effects`), `error` and `failure` (text), `duration_seconds`,
/// `loudness_lufs` (numbers), `year`, `size_bytes`, `modified_nanoseconds`, `bitrate_kbps` (whole numbers), `lossless`. A row with an
/// `error` and no vector is a song that failed. With size and time a later scan finds the file unchanged. Rows that are not understood
/// are reported and the others kept.
///
/// # Errors
/// If nothing can be read, or the library cannot be written.
pub fn import(
    store: &mut SongStore,
    place: &Path,
    base: &Path,
) -> Result<ImportSummary, LibraryError> {
    let files = files(place)?;
    let mut importer = Importer::new(store, base);
    let mut broken_off = None;
    for file in &files {
        match read_guarded(file, &mut importer) {
            Ok(()) => {}
            Err(error) if files.len() == 1 => return Err(error),
            Err(error) => {
                broken_off.get_or_insert(error.to_string());
            }
        }
        if importer.has_failed() {
            break;
        }
    }
    let mut summary = importer.finish()?;
    summary.broken_off = broken_off;
    Ok(summary)
}

/// The file, or those of a folder in the order of their names.
fn files(place: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    let io = |error| LibraryError::io(place)(error);
    if !std::fs::metadata(place).map_err(io)?.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(place).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
        {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let reason = format!("holds no file that ends in .{EXTENSION}");
        return Err(malformed(place, &reason));
    }
    Ok(files)
}

fn malformed(path: &Path, reason: &dyn std::fmt::Display) -> LibraryError {
    LibraryError::Parquet {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// The reader of these files has met fewer damaged ones than our own code has; what breaks it costs that file.
fn read_guarded(file: &Path, importer: &mut Importer<'_>) -> Result<(), LibraryError> {
    let done = catch_unwind(AssertUnwindSafe(|| read(file, importer)));
    done.unwrap_or_else(|_| Err(malformed(file, &"it is damaged")))
}

fn read(file: &Path, importer: &mut Importer<'_>) -> Result<(), LibraryError> {
    let error = |reason: &dyn std::fmt::Display| malformed(file, reason);
    let opened = File::open(file).map_err(LibraryError::io(file))?;
    let reader = SerializedFileReader::new(opened).map_err(|reason| error(&reason))?;
    let columns = Columns::of(&reader).map_err(|reason| error(&reason))?;
    let rows = reader.get_row_iter(None).map_err(|reason| error(&reason))?;
    for row in rows {
        let row = row.map_err(|reason| error(&reason))?;
        let cells = columns.cells(&row);
        let name = cells.text("path").unwrap_or("a row without a path");
        importer.row(name, cells.song());
        if importer.has_failed() {
            return Ok(());
        }
    }
    Ok(())
}

/// Where the columns are that are known.
struct Columns(HashMap<String, usize>);

impl Columns {
    fn of(reader: &SerializedFileReader<File>) -> Result<Self, String> {
        let schema = reader.metadata().file_metadata().schema();
        let fields = schema.get_fields().iter().enumerate();
        let places: HashMap<String, usize> = fields
            .map(|(place, field)| (field.name().to_owned(), place))
            .collect();
        let has_seven = Emotion::ALL
            .iter()
            .all(|emotion| places.contains_key(emotion.name()));
        if !places.contains_key("path") {
            return Err("it has no column `path`".to_owned());
        }
        if !places.contains_key("vector") && !has_seven {
            return Err(
                "it has no column `vector`, and not all seven of the emotions either".to_owned(),
            );
        }
        Ok(Self(places))
    }

    fn cells<'a>(&'a self, row: &'a Row) -> Cells<'a> {
        let fields = row.get_column_iter().map(|(_, field)| field).collect();
        Cells {
            places: &self.0,
            fields,
        }
    }
}

/// The cells of a row by the names of their columns.
struct Cells<'a> {
    places: &'a HashMap<String, usize>,
    fields: Vec<&'a Field>,
}

impl Cells<'_> {
    fn field(&self, name: &str) -> Option<&Field> {
        let field = self.fields.get(*self.places.get(name)?).copied()?;
        (*field != Field::Null).then_some(field)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Field::Str(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        number(self.field(name)?).filter(|number| number.is_finite())
    }

    fn whole<T: TryFrom<i128>>(&self, name: &str) -> Option<T> {
        let whole = match self.field(name)? {
            Field::Byte(n) => i128::from(*n),
            Field::Short(n) => i128::from(*n),
            Field::Int(n) => i128::from(*n),
            Field::Long(n) => i128::from(*n),
            Field::UByte(n) => i128::from(*n),
            Field::UShort(n) => i128::from(*n),
            Field::UInt(n) => i128::from(*n),
            Field::ULong(n) => i128::from(*n),
            // Whole numbers among which one is missing come as others from programs that have no word for that.
            Field::Double(n) if n.fract() == 0.0 && n.abs() < 9e15 => *n as i128,
            _ => return None,
        };
        T::try_from(whole).ok()
    }

    fn vector(&self) -> Result<Option<EmotionVector>, String> {
        let numbers: Option<Vec<f64>> = match self.field("vector") {
            Some(Field::ListInternal(list)) => list.elements().iter().map(number).collect(),
            Some(_) => return Err("its vector is no list of numbers".to_owned()),
            None => Emotion::ALL
                .iter()
                .map(|emotion| self.number(emotion.name()))
                .collect(),
        };
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
            return Ok(None);
        };
        if self.text("error").is_some() && numbers.iter().all(|number| number.is_nan()) {
            return Ok(None);
        }
        let count = numbers.len();
        let numbers: Vec<f32> = numbers.into_iter().map(|number| number as f32).collect();
        let values = numbers
            .try_into()
            .map_err(|_| format!("its vector has {count} numbers, not seven"))?;
        EmotionVector::from_weights(values)
            .map(Some)
            .map_err(|error| error.to_string())
    }

    fn song(&self) -> Result<ImportedSong, String> {
        let path = self.text("path").filter(|path| !path.is_empty());
        let path = path.ok_or("its path is no text")?;
        let model = self.text("model").unwrap_or(UNNAMED);
        let outcome = match (self.vector()?, self.text("error")) {
            (Some(vector), _) => Outcome::Embedded(vector),
            (None, Some(reason)) => Outcome::Failed(self.failure(reason)),
            (None, None) => return Err("it has no vector, and no error that says why".to_owned()),
        };
        let owned = |name: &str| {
            self.text(name)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Ok(ImportedSong::whole(Song {
            stamp: self.stamp(),
            tags: Tags {
                title: owned("title"),
                artist: owned("artist"),
                album: owned("album"),
                genre: owned("genre"),
                year: self.whole("year").filter(|year| (1..=9999).contains(year)),
            },
            encoding: Encoding {
                lossless: matches!(self.field("lossless"), Some(Field::Bool(true))),
                bitrate_kbps: self.whole("bitrate_kbps").unwrap_or_default(),
            },
            duration_seconds: self
                .number("duration_seconds")
                .filter(|seconds| *seconds >= 0.0),
            loudness_lufs: self.number("loudness_lufs").map(|lufs| lufs as f32),
            sound: self.text("sound").and_then(|name| name.parse().ok()),
            ..Song::new(path, model, outcome)
        }))
    }

    fn stamp(&self) -> Option<FileStamp> {
        Some(FileStamp {
            size_bytes: self.whole("size_bytes")?,
            modified_nanoseconds: self.whole("modified_nanoseconds")?,
        })
    }

    fn failure(&self, reason: &str) -> Failure {
        let kind = self.text("failure").and_then(FailureKind::named);
        let now = super::clock::unix_seconds();
        Failure::new(kind.unwrap_or(FailureKind::Damaged), reason).at(now, None)
    }
}

fn number(field: &Field) -> Option<f64> {
    match field {
        Field::Float(n) => Some(f64::from(*n)),
        Field::Double(n) => Some(*n),
        Field::Int(n) => Some(f64::from(*n)),
        Field::Long(n) => Some(*n as f64),
        _ => None,
    }
}
