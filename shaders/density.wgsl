// The aggregated posterior of a pool in a plane: q(z) = 1/N Σ N(z; mean_i, diag(sd_i²)).
//
// Three passes. `splat` adds one quad per Gaussian into a float texture that is just fine enough for the narrowest of them, so that
// the cost does not depend on how wide they are. `colour` brings that to the size on the screen through a colour map, and `dot` puts the posterior
// means on top; both write the texture that is kept until the numbers change. `copy` puts the kept texture on the screen.

struct Picture {
    // Half of the side of the plane: it spans [-reach, reach] in both dimensions.
    reach: f32,
    // Factor from a Gaussian's density to what is stored, so that sums stay in the middle of a half float's range.
    scale: f32,
    // Stored value that gets the last colour.
    highest: f32,
    // Radius of a dot, pixels.
    radius: f32,
    // Texels of the density texture, and pixels of the coloured one.
    texels: vec2f,
    pixels: vec2f,
    dot: vec4f,
};

@group(0) @binding(0) var<uniform> picture: Picture;

// Quads reach this many standard deviations; the density there is 4e-5 of the peak.
const CUT: f32 = 4.5;

fn corner(vertex: u32) -> vec2f {
    return vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0;
}

// ---- splat ------------------------------------------------------------------------------------------------------------

struct Splat {
    @builtin(position) position: vec4f,
    @location(0) offset: vec2f,
    @location(1) @interpolate(flat) weight: vec4f,
};

@vertex
fn splat_vertex(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32, @location(0) gaussian: vec4f) -> Splat {
    let texel = 2.0 * picture.reach / picture.texels;
    // Narrower than the texture can show: drawn as wide as it can, with the same mass.
    let sd = max(gaussian.zw, 0.6 * texel);
    let offset = corner(vertex) * CUT;
    // Channels take turns: shorter sums lose less when the texture holds half floats.
    var weight = vec4f(0.0);
    weight[instance % 4u] = picture.scale / (sd.x * sd.y);
    return Splat(vec4f((gaussian.xy + offset * sd) / picture.reach, 0.0, 1.0), offset, weight);
}

@fragment
fn splat_fragment(splat: Splat) -> @location(0) vec4f {
    return splat.weight * exp(-0.5 * dot(splat.offset, splat.offset));
}

// ---- colour -----------------------------------------------------------------------------------------------------------

@group(0) @binding(1) var density: texture_2d<f32>;
@group(0) @binding(2) var ramp: texture_2d<f32>;

@vertex
fn colour_vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
    return vec4f(corner(vertex), 0.0, 1.0);
}

fn stored(at: vec2i) -> f32 {
    let last = vec2i(picture.texels) - 1;
    return dot(textureLoad(density, clamp(at, vec2i(0), last), 0), vec4f(1.0));
}

// Catmull-Rom: goes through the texels' values, so that the curvature of a Gaussian is kept.
fn cubic(t: f32) -> vec4f {
    let t2 = t * t;
    let t3 = t2 * t;
    return 0.5 * vec4f(-t + 2.0 * t2 - t3, 2.0 - 5.0 * t2 + 3.0 * t3, t + 4.0 * t2 - 3.0 * t3, t3 - t2);
}

@fragment
fn colour_fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let place = position.xy / picture.pixels * picture.texels - 0.5;
    let base = vec2i(floor(place));
    let across = cubic(fract(place.x));
    let down = cubic(fract(place.y));
    var value = 0.0;
    for (var row = 0; row < 4; row++) {
        var line = 0.0;
        for (var column = 0; column < 4; column++) {
            line += across[column] * stored(base + vec2i(column - 1, row - 1));
        }
        value += down[row] * line;
    }
    // A square root, so that the foot of the density is seen beside its peak; the legend says so.
    let level = sqrt(clamp(value / picture.highest, 0.0, 1.0));
    let size = f32(textureDimensions(ramp).x - 1u);
    let left = floor(level * size);
    let low = textureLoad(ramp, vec2i(i32(left), 0), 0);
    let high = textureLoad(ramp, vec2i(i32(min(left + 1.0, size)), 0), 0);
    return mix(low, high, level * size - left);
}

// ---- dots -------------------------------------------------------------------------------------------------------------

struct Dot {
    @builtin(position) position: vec4f,
    @location(0) offset: vec2f,
};

@vertex
fn dot_vertex(@builtin(vertex_index) vertex: u32, @location(0) gaussian: vec4f) -> Dot {
    let reach = picture.radius + 1.0;
    let offset = corner(vertex) * reach;
    return Dot(vec4f(gaussian.xy / picture.reach + offset * 2.0 / picture.pixels, 0.0, 1.0), offset);
}

@fragment
fn dot_fragment(mean: Dot) -> @location(0) vec4f {
    let inside = clamp(picture.radius + 0.5 - length(mean.offset), 0.0, 1.0);
    return picture.dot * inside;
}
