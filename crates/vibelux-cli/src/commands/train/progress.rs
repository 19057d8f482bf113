//! The progress of a training run in the terminal.

use indicatif::{ProgressBar, ProgressStyle};
use vibelux_train::config::TrainingConfig;
use vibelux_train::trainer::Event;

/// How far the songs are read; nothing is seen of it before the first.
pub fn reading_bar() -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("songs {wide_bar} {pos}/{len}, {eta} left")?;
    Ok(ProgressBar::new(0).with_style(style))
}

/// The progress bar of the current epoch, and a line per finished one.
pub struct Progress {
    pub bar: ProgressBar,
    epochs: usize,
    batch_size: usize,
    /// What a step of each epoch takes, in values of an example: smaller images are quicker.
    work: Vec<f64>,
}

impl Progress {
    /// For a run that is about to start.
    pub fn new(config: &TrainingConfig) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            epochs: config.epochs,
            batch_size: config.batch_size,
            work: (0..config.epochs)
                .map(|epoch| config.input_at(epoch).iter().product::<usize>() as f64)
                .collect(),
        }
    }

    /// Shows what the run tells.
    pub fn show(&self, event: &Event) {
        match event {
            Event::Step {
                epoch,
                step,
                steps,
                loss,
                examples_per_second,
            } => {
                let work_left = self.work[*epoch..].iter().sum::<f64>() * *steps as f64
                    + self.work[epoch - 1] * (steps - step) as f64;
                let work_per_second =
                    examples_per_second / self.batch_size as f64 * self.work[epoch - 1];
                let seconds = work_left / work_per_second;
                self.bar.set_length(*steps as u64);
                self.bar.set_position(*step as u64);
                self.bar
                    .set_prefix(format!("epoch {epoch}/{}", self.epochs));
                self.bar.set_message(format!(
                    "loss {loss:.3} {examples_per_second:.0}/s, {} left",
                    indicatif::HumanDuration(std::time::Duration::from_secs_f64(
                        if seconds.is_finite() {
                            seconds.clamp(0.0, 1e9)
                        } else {
                            0.0
                        }
                    ))
                ));
            }
            Event::Epoch(m) => {
                let line = format!(
                    "epoch {:3}  loss {:.4}  accuracy {:.4}  validation loss {:.4}  accuracy {:.4}  {:.0} s  {:.0}/s",
                    m.epoch,
                    m.train_loss,
                    m.train_accuracy,
                    m.validation_loss,
                    m.validation_accuracy,
                    m.seconds,
                    m.images_per_second
                );
                if self.bar.is_hidden() {
                    crate::tell!("{line}");
                } else {
                    self.bar.println(line);
                }
            }
            Event::Checkpoint => {}
        }
    }
}
