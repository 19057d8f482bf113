//! Files that training reads: tables, configurations, histories, checkpoints.

use vibelux_train::config::TrainingConfig;
use vibelux_train::config::preset;
use vibelux_train::dataset::{EvaluationSet, SoftLabels, TrainingSet, load_table};
use vibelux_train::nn::Random;
use vibelux_train::trainer::history;
use vibelux_train::trainer::{TrainError, Trainer};

use crate::networks::small_net;
use crate::place::file;

/// `labels.csv`, as labels of faces and as a table of songs, and the history of a run.
pub fn labels(data: &[u8]) {
    let path = file("labels.csv", data);
    if let Ok(labels) = SoftLabels::load(&path) {
        let _ = labels.get("train/happy/im0.png");
    }
    let _ = load_table(&path, &[]);
    let _ = load_table(&path, &[("fold".to_owned(), "1".to_owned())]);
    let _ = history::read_csv(&path);
    let _ = history::read_json(&path);
}

/// The configuration of a run.
pub fn config(data: &[u8]) {
    let path = file("config.toml", data);
    if let Ok(config) = TrainingConfig::load(&path) {
        config
            .save(&path)
            .expect("a valid configuration can be written");
        let shapes = config.architecture.shapes();
        assert!(shapes.is_err() || !shapes.unwrap().is_empty());
    }
}

/// The checkpoint of a run that is resumed.
pub fn checkpoint(data: &[u8]) {
    let path = file("checkpoint.safetensors", data);
    let trainer = small_run(&Grey).expect("a small run");
    if let Ok(trainer) = trainer.with_checkpoint(path).resume() {
        let _ = trainer.selected_epoch();
        let _ = trainer.into_network();
    }
}

/// A run that has not begun.
///
/// # Errors
/// If the small network cannot be trained.
pub fn small_run(data: &Grey) -> Result<Trainer<'_>, TrainError> {
    let mut config = preset::face("default").expect("a preset");
    config.architecture = small_net();
    config.batch_size = 2;
    Trainer::new(config, data, data)
}

/// A data set of grey pictures, to have something to resume with.
#[derive(Debug)]
pub struct Grey;

impl TrainingSet for Grey {
    fn len(&self) -> usize {
        2
    }

    fn fingerprint(&self) -> u64 {
        0
    }

    fn draw(&self, _index: usize, _random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        input.fill(0.5);
        target.fill(1.0 / 7.0);
    }
}

impl EvaluationSet for Grey {
    fn len(&self) -> usize {
        1
    }

    fn views(&self, _index: usize) -> usize {
        1
    }

    fn view(&self, _index: usize, _view: usize, input: &mut [f32]) {
        input.fill(0.5);
    }

    fn class(&self, _index: usize) -> Option<usize> {
        Some(0)
    }

    fn target(&self, _index: usize) -> Option<[f32; 7]> {
        None
    }

    fn averages_logits(&self) -> bool {
        true
    }
}
