//! The data sets of a batch, each loaded and decomposed once whichever thread asks first.

use crate::data::{self, Dataset, LoadMonitor};
use crate::exact::linear::DataSpectrum;
use crate::experiment::DataSettings;
use crate::train::LazySpectrum;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Data sets of a batch, each loaded once; and whether all is to stop, which ends a load, too.
pub(crate) struct DataShelf {
    /// Whether spectra are those of outputs given their conditions.
    is_conditional: bool,
    data: Mutex<Vec<(DataSettings, Arc<Book>)>>,
    is_cancelled: AtomicBool,
}

#[derive(Default)]
struct Book {
    data: OnceLock<Result<Arc<Dataset>, String>>,
    spectrum: OnceLock<Result<Arc<DataSpectrum>, String>>,
    lazy: LazySpectrum,
}

impl LoadMonitor for DataShelf {
    fn progress(&self, _fraction: f32) {}

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

impl DataShelf {
    /// An empty shelf.
    pub fn new(is_conditional: bool) -> Self {
        Self { is_conditional, data: Mutex::default(), is_cancelled: AtomicBool::new(false) }
    }

    /// Tells all to stop.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether all is to stop.
    pub fn is_stopped(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// The data of these settings; who comes second waits for the first to load them.
    pub fn dataset(&self, settings: &DataSettings) -> Result<Arc<Dataset>, String> {
        self.book(settings).data.get_or_init(|| self.load(settings)).clone()
    }

    /// The spectrum of these data for learners, which share it.
    pub fn lazy_spectrum(&self, settings: &DataSettings) -> LazySpectrum {
        self.book(settings).lazy.clone()
    }

    fn book(&self, settings: &DataSettings) -> Arc<Book> {
        let mut books = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        match books.iter().find(|(known, _)| known == settings) {
            Some((_, book)) => book.clone(),
            None => {
                let book = Arc::new(Book::default());
                books.push((settings.clone(), book.clone()));
                book
            }
        }
    }

    fn load(&self, settings: &DataSettings) -> Result<Arc<Dataset>, String> {
        let data = data::load(&settings.source, &settings.load_options(), self);
        data.map(Arc::new).map_err(|error| error.to_string())
    }

    /// The spectrum of these data. Data that no run has asked for are not kept.
    pub fn spectrum(&self, settings: &DataSettings) -> Result<Arc<DataSpectrum>, String> {
        let of = |data: Result<Arc<Dataset>, String>| {
            DataSpectrum::of(&*data?, self.is_conditional).map(Arc::new).map_err(|error| error.to_string())
        };
        let book = {
            let books = self.data.lock().unwrap_or_else(PoisonError::into_inner);
            books.iter().find(|(known, _)| known == settings).map(|(_, book)| book.clone())
        };
        match book {
            Some(book) => {
                let data = book.data.get_or_init(|| self.load(settings)).clone();
                book.spectrum.get_or_init(|| of(data)).clone()
            }
            None => of(self.load(settings)),
        }
    }
}
