//! A classical model being looked at, and its settings as the person has them. Knows no widget.

use crate::exact::{ClassicalReading, ClassicalSession};
use crate::experiment::{Classical, ExperimentError};
use crate::train::Wake;
use std::sync::Arc;

/// The session, and the draft of its settings. What is out of range is applied nowhere: the session never sees it.
pub struct ClassicalLab {
    session: ClassicalSession,
    draft: Classical,
    error: Option<ExperimentError>,
    example: usize,
}

impl ClassicalLab {
    /// Begins to look at a model.
    pub fn start(settings: Classical, wake: Wake) -> Self {
        Self { session: ClassicalSession::start(settings.clone(), wake), draft: settings, error: None, example: 0 }
    }

    /// Takes in what the session's thread has found; never waits.
    pub fn poll(&mut self) {
        self.session.poll();
    }

    /// The settings as edited; they may be out of range.
    pub fn draft(&self) -> &Classical {
        &self.draft
    }

    /// The settings that are answered for, or will be.
    pub fn settings(&self) -> &Classical {
        self.session.experiment()
    }

    /// Changes the settings, at once where they are valid.
    pub fn configure(&mut self, settings: Classical) {
        if settings == self.draft {
            return;
        }
        self.error = settings.validate().err();
        self.draft = settings;
        if self.error.is_none() {
            self.session.configure(self.draft.clone());
        }
    }

    /// Looks at another example of the data.
    pub fn look_at(&mut self, example: usize) {
        if example != self.example {
            self.example = example;
            self.session.look_at(example);
        }
    }

    /// Draws data and samples anew from another seed.
    pub fn set_seed(&mut self, seed: u64) {
        let mut settings = self.draft.clone();
        match &mut settings {
            Classical::Ppca(ppca) => ppca.seed = seed,
            Classical::MixtureWeight(mixture) => mixture.seed = seed,
        }
        self.configure(settings);
    }

    /// The newest answer; it may belong to former settings.
    pub fn reading(&self) -> Option<&Arc<ClassicalReading>> {
        self.session.reading()
    }

    /// Whether the newest answer belongs to the present settings.
    pub fn is_current(&self) -> bool {
        self.reading().is_some_and(|reading| match (&**reading, self.settings()) {
            (ClassicalReading::Ppca(reading), Classical::Ppca(settings)) => reading.settings == *settings,
            (ClassicalReading::Mixture(reading), Classical::MixtureWeight(settings)) => reading.settings == *settings,
            _ => false,
        })
    }

    /// Why there is no answer for the settings as edited, in one sentence.
    pub fn error(&self) -> Option<String> {
        let own = self.error.as_ref().map(ToString::to_string);
        own.or_else(|| self.session.error().map(ToString::to_string))
    }

    /// Share of the sampling done; none when there is nothing left to do.
    pub fn progress(&self) -> Option<f32> {
        self.session.progress()
    }

    /// Examples that can be looked at.
    pub fn examples(&self) -> usize {
        match self.reading().map(|reading| &**reading) {
            Some(ClassicalReading::Ppca(reading)) => reading.examples,
            _ => 0,
        }
    }

    /// Latent dimensions that can be looked at.
    pub fn latent_dimensions(&self) -> usize {
        match self.reading().map(|reading| &**reading) {
            Some(ClassicalReading::Ppca(reading)) => reading.weights.len(),
            _ => 1,
        }
    }
}
