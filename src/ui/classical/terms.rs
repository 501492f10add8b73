//! What the words on a classical model's screen mean.

/// Term and meaning.
pub const TERMS: &[(&str, &str)] = &[
    (
        "Posterior collapse",
        "The posterior of a latent variable equals its prior. It happens exactly when the likelihood does not depend on that variable (Wang, \
         Blei and Cunningham 2021), whatever the model and whatever the inference",
    ),
    (
        "Likelihood range R",
        "Largest minus smallest log-likelihood over the latent variable, in nats. R = 0 is collapse, and the KL from prior to posterior is at \
         most min(R, R²/8)",
    ),
    (
        "Probabilistic PCA",
        "x = Wz + noise with z ~ N(0, I) and noise of variance σ² in every column (Tipping and Bishop 1999). The posterior of z is Gaussian and \
         known in closed form",
    ),
    (
        "Eigenvalue λ",
        "Variance of the data along one principal direction. At maximum likelihood the column of W along it has length √(λ − σ²), or 0 where σ² \
         exceeds λ: then the latent dimension is dead",
    ),
    ("Beta(a, b)", "Prior of a weight between 0 and 1. Beta(5, 5) has mean 0.5 and standard deviation 0.151"),
    (
        "Integrated out",
        "Means and deviations of the components are unknown, and the posterior of the weight is averaged over them",
    ),
    (
        "Hamiltonian Monte Carlo",
        "Draws from the exact posterior, correlated and finitely many; R-hat and effective draws say how far to trust them",
    ),
    (
        "Mean-field",
        "The factorised Gaussian with the largest evidence lower bound. It ignores correlations, and tends to be too narrow: over-confident",
    ),
    ("KL", "KL(posterior ‖ prior) in nats: how far the data move the belief about a latent variable"),
    ("Nat", "Unit of information with the natural logarithm; 1 nat is 1.44 bits"),
];
