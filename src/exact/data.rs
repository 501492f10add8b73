//! Data of the classical models.
//!
//! Probabilistic PCA needs nothing of its data but their covariance. The built-in data therefore have the covariance of the reference
//! exactly, with no sampling error, so that dimensions die at exactly the σ that the theory names.
//!
//! The mixture's data are drawn: how the posterior of α narrows with N, and misses the α behind the data by its own width, is what the
//! lesson shows. Every datum keeps its random numbers when N, separation or weight change, so that nothing jumps under a slider.

use super::ppca::matrix;
use super::{ClassicalError, MixtureWeight, Ppca, PpcaError, Spectrum};
use crate::data::{self, DataError, LoadMonitor, LoadOptions, Source};
use crate::experiment::{MixtureSettings, PpcaData, PpcaSettings, PpcaWeights};
use crate::random::{Purpose, stream};
use nalgebra::{DMatrix, DVector};
use rand_distr::{Distribution, StandardNormal, StandardUniform};

/// N of the built-in data.
const EXAMPLES: usize = 500;
/// Built-in data are the same in every run.
const SEED: u64 = 0x5eed_0003;
/// Columns of the W behind the built-in data, as in the experiments of Wang, Blei and Cunningham (2021).
const WEIGHTS: [[f64; 5]; 2] = [
    [-1.87099416, 1.05057609, -1.90284753, -2.15553895, -1.29768188],
    [3.52539883, -0.81360140, -0.64736003, -0.40731114, -0.31421800],
];
const TWO_FACTORS: [f64; 5] = [18.293, 8.403, 0.0112, 0.0103, 0.0093];
const ONE_FACTOR: [f64; 5] = [12.571, 0.0118, 0.0105, 0.0092, 0.0086];

/// Standard deviation of both components of the mixture's data.
const COMPONENT_DEVIATION: f64 = 1.0;

/// Data for probabilistic PCA, without constant columns.
#[derive(Clone, Debug)]
pub struct PpcaExamples {
    /// Centred data with eigenvalues and eigenvectors of their covariance.
    pub spectrum: Spectrum,
    /// Remarks on the data, one sentence each.
    pub warnings: Vec<String>,
    /// Indices of the columns that are not constant, ascending.
    columns: Vec<usize>,
    /// D with the constant columns.
    all_columns: usize,
    generating: Option<DMatrix<f64>>,
}

impl PpcaExamples {
    /// Makes or loads data; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// A file that cannot be used, constant columns only, fewer than two rows.
    pub fn load(data: &PpcaData, monitor: &dyn LoadMonitor) -> Result<Option<Self>, ClassicalError> {
        match data {
            PpcaData::TwoFactors => Self::generate(&TWO_FACTORS, 2).map(Some),
            PpcaData::OneFactor => Self::generate(&ONE_FACTOR, 1).map(Some),
            PpcaData::Source(source) => Self::of_source(source, &LoadOptions::default(), monitor),
        }
    }

    /// The training split of a data set; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of_source(
        source: &Source,
        options: &LoadOptions,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let dataset = match data::load(source, options, monitor) {
            Err(DataError::Cancelled) => return Ok(None),
            loaded => loaded.map_err(|error| ClassicalError::Data(error.to_string()))?,
        };
        let positions: Vec<usize> = (0..dataset.training_len()).collect();
        let values = dataset.training_batch(&positions).into_iter().map(f64::from);
        let matrix = DMatrix::from_row_iterator(positions.len(), dataset.dimensions(), values);
        let mut examples = Self::of_matrix(&matrix)?;
        examples.warnings.splice(0..0, dataset.warnings().iter().cloned());
        Ok(Some(examples))
    }

    /// Data `[N, D]`.
    ///
    /// # Errors
    /// Constant columns only, fewer than two rows.
    pub fn of_matrix(data: &DMatrix<f64>) -> Result<Self, ClassicalError> {
        let is_constant = |column: &usize| data.column(*column).iter().all(|value| *value == data[(0, *column)]);
        let (constant, columns): (Vec<usize>, Vec<usize>) = (0..data.ncols()).partition(is_constant);
        if columns.is_empty() && data.nrows() > 1 {
            return Err(PpcaError::Constant.into());
        }
        let warnings = match constant.len() {
            0 => Vec::new(),
            1 => vec![format!("column {} is constant and is left out", constant[0] + 1)],
            count => vec![format!("{count} of {} columns are constant and are left out", data.ncols())],
        };
        let spectrum = Spectrum::of(data.select_columns(&columns))?;
        Ok(Self { spectrum, warnings, columns, all_columns: data.ncols(), generating: None })
    }

    /// Data given by rows of one length, `[N][D]`.
    ///
    /// # Errors
    /// As [`Self::of_matrix`].
    pub fn of_rows(rows: &[Vec<f64>]) -> Result<Self, ClassicalError> {
        Self::of_matrix(&matrix(rows))
    }

    /// Data of which no column is left out, since weights are given for each.
    ///
    /// # Errors
    /// No variance at all, fewer than two rows.
    pub fn with_every_column(rows: &[Vec<f64>]) -> Result<Self, ClassicalError> {
        let data = matrix(rows);
        let all_columns = data.ncols();
        let spectrum = Spectrum::of(data)?;
        Ok(Self { spectrum, warnings: Vec::new(), columns: (0..all_columns).collect(), all_columns, generating: None })
    }

    /// Data whose covariance (1/n) has these eigenvalues exactly, the first `factors` principal axes spanning the reference weights.
    fn generate(eigenvalues: &[f64; 5], factors: usize) -> Result<Self, ClassicalError> {
        let weights: Vec<DVector<f64>> = WEIGHTS[..factors].iter().map(|w| DVector::from_row_slice(w)).collect();
        let weights = DMatrix::from_columns(&weights);
        let dimensions = eigenvalues.len();
        // Principal axes of WWᵀ, then any axes at right angles to them and to each other.
        let axes = Spectrum::of(mirrored(&weights.transpose()))?.directions;
        let identity = DMatrix::identity(dimensions, dimensions);
        let columns: Vec<_> =
            axes.column_iter().take(factors).chain(identity.column_iter().take(dimensions - factors)).collect();
        let rotation = DMatrix::from_columns(&columns).qr().q();

        let mut random = stream(SEED, Purpose::ClassicalData, 0);
        let noise = DMatrix::from_fn(EXAMPLES, dimensions, |_, _| StandardNormal.sample(&mut random));
        // Orthonormal columns that each sum to 0: scores with no sampling error in mean and covariance.
        let scores = centered(noise).qr().q() * (EXAMPLES as f64).sqrt();
        let scale = DMatrix::from_diagonal(&DVector::from_iterator(dimensions, eigenvalues.iter().map(|l| l.sqrt())));
        let data = scores * scale * rotation.transpose();
        Ok(Self { generating: Some(weights), ..Self::of_matrix(&data)? })
    }

    /// N.
    pub fn len(&self) -> usize {
        self.spectrum.centered.nrows()
    }

    /// Whether there are no examples; never, once loaded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// W by rows, `[D][K]`, with zeros for the columns that were left out.
    pub fn weights_of_every_column(&self, model: &Ppca) -> Vec<Vec<f64>> {
        let mut rows = vec![vec![0.0; model.weights.ncols()]; self.all_columns];
        for (column, row) in self.columns.iter().zip(model.weights.row_iter()) {
            rows[*column] = row.iter().copied().collect();
        }
        rows
    }

    /// Eigenvalues of the covariance of every column, descending, `[D]`: those of columns that were left out are 0.
    pub fn eigenvalues_of_every_column(&self) -> Vec<f64> {
        let mut eigenvalues = self.spectrum.eigenvalues.clone();
        eigenvalues.resize(self.all_columns, 0.0);
        eigenvalues
    }

    /// The model of these data that the settings ask for.
    ///
    /// # Errors
    /// σ ≤ 0, or K outside 1 … D − 1.
    pub fn model(&self, settings: &PpcaSettings) -> Result<Ppca, ClassicalError> {
        let fitted = Ppca::fit(&self.spectrum, settings.latent_dimensions, settings.sigma)?;
        let weights = match settings.weights {
            PpcaWeights::MaximumLikelihood => return Ok(fitted),
            PpcaWeights::Generating => self.generating_weights(settings.latent_dimensions),
        };
        Ok(Ppca::new(weights, settings.sigma)?)
    }

    /// W of the generator, a surplus dimension being a column of zeros; for other data maximum likelihood at σ → 0, w_i = √λ_i u_i.
    fn generating_weights(&self, latent_dimensions: usize) -> DMatrix<f64> {
        let dimensions = self.spectrum.eigenvalues.len();
        let column = |i: usize| match &self.generating {
            Some(weights) if i < weights.ncols() => weights.column(i).into_owned(),
            Some(_) => DVector::zeros(dimensions),
            None => self.spectrum.directions.column(i) * self.spectrum.eigenvalues[i].sqrt(),
        };
        DMatrix::from_columns(&(0..latent_dimensions).map(column).collect::<Vec<_>>())
    }
}

/// Rows and their negatives, which have mean 0.
fn mirrored(rows: &DMatrix<f64>) -> DMatrix<f64> {
    let count = rows.nrows();
    DMatrix::from_fn(2 * count, rows.ncols(), |row, column| {
        if row < count { rows[(row, column)] } else { -rows[(row - count, column)] }
    })
}

fn centered(mut data: DMatrix<f64>) -> DMatrix<f64> {
    let mean = data.row_mean();
    data.row_iter_mut().for_each(|mut row| row -= &mean);
    data
}

/// The mixture that the settings describe, its components known.
pub fn mixture(settings: &MixtureSettings) -> MixtureWeight {
    let half = 0.5 * settings.separation;
    MixtureWeight {
        first: (-half, COMPONENT_DEVIATION),
        second: (half, COMPONENT_DEVIATION),
        prior: (settings.prior[0], settings.prior[1]),
    }
}

/// Draws the mixture's data: `examples` numbers.
pub fn mixture_data(settings: &MixtureSettings) -> Vec<f64> {
    let mixture = mixture(settings);
    let mut random = stream(settings.seed, Purpose::ClassicalData, 0);
    (0..settings.examples)
        .map(|_| {
            let uniform: f64 = StandardUniform.sample(&mut random);
            let noise: f64 = StandardNormal.sample(&mut random);
            let (mean, sd) = if uniform < settings.weight { mixture.first } else { mixture.second };
            mean + sd * noise
        })
        .collect()
}
