//! The two files that Keras writes, as one thing: a JSON configuration and named arrays.
//!
//! - `.h5` (Keras 2 and 3): attribute `model_config` on the root; per layer a group
//!   `model_weights/<layer name>` whose attribute `weight_names` lists the paths of its arrays.
//! - `.keras`: a zip archive of `config.json` and `model.weights.h5`, in which a layer's arrays are
//!   `layers/<class in snake case>[_n]/vars/<i>`, numbered per class whatever the layers' names.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use hdf5_reader::{Hdf5File, OpenOptions};
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::KerasError;

/// Far beyond a classifier of 48 x 48 pictures; keeps archives from unpacking without end.
const LARGEST_BYTES: u64 = 512 << 20;
const LARGEST_CONFIG_BYTES: u64 = 16 << 20;
const HDF5_SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// An opened Keras file.
pub struct Container {
    path: PathBuf,
    file: Hdf5File,
    /// The configuration as JSON text.
    pub config: String,
    layout: Layout,
}

enum Layout {
    H5,
    Archive,
}

/// Where an array stands in its layer.
pub struct ArrayPlace<'a> {
    /// The layer's name.
    pub layer: &'a str,
    /// The layer's class in snake case.
    pub class: &'static str,
    /// How many layers of this class come before.
    pub ordinal: usize,
    /// The array's name in Keras, for example `kernel`.
    pub array: &'static str,
    /// Its position among the layer's arrays.
    pub index: usize,
}

impl Container {
    /// Opens either kind of file, told apart by its first bytes.
    pub fn open(path: &Path) -> Result<Self, KerasError> {
        let io = |source| KerasError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let mut start = Vec::with_capacity(8);
        file.by_ref().take(8).read_to_end(&mut start).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        if start.starts_with(b"PK") {
            Self::open_archive(path, file)
        } else if start == HDF5_SIGNATURE {
            let bytes = read_at_most(file, LARGEST_BYTES, "the file", path)?;
            Self::open_h5(path, bytes)
        } else {
            Err(KerasError::NotKeras {
                path: path.to_owned(),
            })
        }
    }

    fn open_h5(path: &Path, bytes: Vec<u8>) -> Result<Self, KerasError> {
        let file = open_hdf5(path, bytes)?;
        let weights_only = || KerasError::WeightsOnly {
            path: path.to_owned(),
        };
        let root = file
            .root_group()
            .map_err(|e| hdf5(path, "the root group", e))?;
        let config = root
            .attribute("model_config")
            .map_err(|_| weights_only())?
            .read_string()
            .map_err(|e| hdf5(path, "model_config", e))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            config,
            layout: Layout::H5,
        })
    }

    fn open_archive(path: &Path, file: File) -> Result<Self, KerasError> {
        let failed = |entry, source| KerasError::Archive {
            path: path.to_owned(),
            entry,
            source,
        };
        let mut archive = ZipArchive::new(BufReader::new(file))
            .map_err(|source| failed("the table of contents", source))?;
        let mut entry = |name: &'static str, limit| {
            let part = archive
                .by_name(name)
                .map_err(|source| failed(name, source))?;
            read_at_most(part, limit, name, path).map_err(|error| match error {
                KerasError::Io { source, .. } => failed(name, ZipError::Io(source)),
                other => other,
            })
        };
        let config = entry("config.json", LARGEST_CONFIG_BYTES)?;
        let weights = entry("model.weights.h5", LARGEST_BYTES)?;
        Ok(Self {
            path: path.to_owned(),
            file: open_hdf5(path, weights)?,
            // What is not UTF-8 is not JSON either, and is refused as such.
            config: String::from_utf8_lossy(&config).into_owned(),
            layout: Layout::Archive,
        })
    }

    /// Reads an array, which must have this shape. The shape is checked before anything is read, so
    /// that a file cannot ask for more memory than its own configuration explains.
    pub fn array(&self, place: &ArrayPlace<'_>, shape: &[usize]) -> Result<Vec<f32>, KerasError> {
        let name = self.array_path(place)?;
        let dataset = self
            .file
            .dataset(&name)
            .map_err(|e| hdf5(&self.path, &name, e))?;
        let same = dataset.shape().len() == shape.len()
            && dataset
                .shape()
                .iter()
                .zip(shape)
                .all(|(&got, &expected)| usize::try_from(got) == Ok(expected));
        if !same {
            return Err(KerasError::ArrayShape {
                path: self.path.clone(),
                layer: place.layer.to_owned(),
                array: place.array,
                expected: shape.to_vec(),
                got: dataset.shape().to_vec(),
            });
        }
        let values: Vec<f32> = dataset
            .read_array::<f32>()
            .map_err(|e| hdf5(&self.path, &name, e))?
            .into_iter()
            .collect();
        if values.iter().any(|x| !x.is_finite()) {
            return Err(KerasError::NotFinite {
                path: self.path.clone(),
                layer: place.layer.to_owned(),
                array: place.array,
            });
        }
        Ok(values)
    }

    fn array_path(&self, place: &ArrayPlace<'_>) -> Result<String, KerasError> {
        if let Layout::Archive = self.layout {
            let ArrayPlace { class, index, .. } = place;
            let number = match place.ordinal {
                0 => String::new(),
                n => format!("_{n}"),
            };
            return Ok(format!("/layers/{class}{number}/vars/{index}"));
        }
        let group = format!("/model_weights/{}", place.layer);
        let names = self
            .file
            .group(&group)
            .and_then(|group| group.attribute("weight_names"))
            .and_then(|names| names.read_strings())
            .map_err(|e| hdf5(&self.path, &group, e))?;
        // Keras 2 writes `conv2d/kernel:0`, Keras 3 `sequential/conv2d/kernel`.
        let wanted = |name: &&String| {
            let last = name.rsplit('/').next().unwrap_or_default();
            last.split(':').next() == Some(place.array)
        };
        names
            .iter()
            .find(wanted)
            .map(|name| format!("{group}/{name}"))
            .ok_or_else(|| KerasError::MissingArray {
                path: self.path.clone(),
                layer: place.layer.to_owned(),
                array: place.array,
            })
    }
}

fn open_hdf5(path: &Path, bytes: Vec<u8>) -> Result<Hdf5File, KerasError> {
    let limit = LARGEST_BYTES as usize;
    let options = OpenOptions::default()
        .with_chunk_cache_bytes(0)
        .with_max_chunk_bytes(limit)
        .with_max_read_bytes(limit);
    Hdf5File::from_vec_with_options(bytes, options).map_err(|e| hdf5(path, "the HDF5 file", e))
}

fn hdf5(path: &Path, what: &str, source: hdf5_reader::error::Error) -> KerasError {
    KerasError::Hdf5 {
        path: path.to_owned(),
        what: what.to_owned(),
        source: Box::new(source),
    }
}

fn read_at_most(
    reader: impl Read,
    limit: u64,
    what: &str,
    path: &Path,
) -> Result<Vec<u8>, KerasError> {
    let mut bytes = Vec::new();
    reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| KerasError::Io {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > limit {
        return Err(KerasError::TooLarge {
            path: path.to_owned(),
            what: what.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}
