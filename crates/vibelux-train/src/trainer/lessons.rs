//! What teachers that see every training example as it is say of it, asked once.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::state::{CLASSES, Trainer};
use crate::distil::TeacherView;

impl Trainer<'_> {
    /// Asks teachers that teach so about every unchanged example and its mirror image; false if
    /// stopped. Nothing of it is kept: a resumed run asks again, and gets the same answers.
    pub(super) fn take_lessons(&mut self, stop: &AtomicBool) -> bool {
        let Some(teachers) = &mut self.teachers else {
            return true;
        };
        if teachers.view() != TeacherView::Unchanged || self.progress.epoch >= self.config.epochs {
            return true;
        }
        let len: usize = self.config.architecture.input.iter().product();
        let mut lessons = Vec::with_capacity(self.training.len());
        let mut inputs = vec![0.0; self.config.batch_size * len];
        let mut answers = vec![0.0; self.config.batch_size * CLASSES];
        let indices: Vec<usize> = (0..self.training.len()).collect();
        for part in indices.chunks(self.config.batch_size) {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            let mut mean = vec![[0.0; CLASSES]; part.len()];
            for mirrored in [false, true] {
                let inputs = &mut inputs[..part.len() * len];
                inputs
                    .par_chunks_exact_mut(len)
                    .zip(part)
                    .for_each(|(input, &index)| {
                        self.training.unchanged(index, mirrored, input);
                    });
                let answers = &mut answers[..part.len() * CLASSES];
                teachers.ask(inputs, answers);
                for (mean, answer) in mean.iter_mut().zip(answers.as_chunks::<CLASSES>().0) {
                    for (m, a) in mean.iter_mut().zip(answer) {
                        *m += 0.5 * a;
                    }
                }
            }
            lessons.append(&mut mean);
        }
        self.lessons = lessons;
        true
    }
}
