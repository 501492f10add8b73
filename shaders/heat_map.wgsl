// Values on a regular grid over a plane as colours, with lines of equal value.
//
// The outer points of the grid, which has at least four along either axis, lie on the edges of the picture. Between the points values are
// interpolated by Catmull-Rom splines, which go through every one of them.

struct Map {
    // Values of the first and the last colour.
    low: f32,
    high: f32,
    // A value that has a line, and the difference from one line to the next; 0 for no lines.
    first: f32,
    every: f32,
    // Size of the picture.
    pixels: vec2f,
    // Of a line, pixels.
    width: f32,
    unused: f32,
    line: vec4f,
};

@group(0) @binding(0) var<uniform> map: Map;
@group(0) @binding(1) var values: texture_2d<f32>;
@group(0) @binding(2) var ramp: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
    return vec4f(vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0, 0.0, 1.0);
}

// Weights of four points along one axis, of which the first is `first`.
struct Weights {
    first: i32,
    w: vec4f,
};

// In the cells at an edge the missing neighbour continues the three nearest points quadratically, v₋₁ = 3v₀ − 3v₁ + v₂, as the engine does
// where it says by how much interpolation errs.
fn weights(place: f32, last: i32) -> Weights {
    let cell = clamp(i32(floor(place)), 0, last - 1);
    let t = place - f32(cell);
    let t2 = t * t;
    let t3 = t2 * t;
    let w = 0.5 * vec4f(-t + 2.0 * t2 - t3, 2.0 - 5.0 * t2 + 3.0 * t3, t + 4.0 * t2 - 3.0 * t3, t3 - t2);
    if cell == 0 {
        return Weights(0, vec4f(w.y + 3.0 * w.x, w.z - 3.0 * w.x, w.w + w.x, 0.0));
    }
    if cell == last - 1 {
        return Weights(last - 3, vec4f(0.0, w.x + w.w, w.y - 3.0 * w.w, w.z + 3.0 * w.w));
    }
    return Weights(cell - 1, w);
}

fn value_at(place: vec2f) -> f32 {
    let last = vec2i(textureDimensions(values)) - 1;
    let across = weights(place.x, last.x);
    let up = weights(place.y, last.y);
    var value = 0.0;
    for (var row = 0; row < 4; row++) {
        var line = 0.0;
        for (var column = 0; column < 4; column++) {
            line += across.w[column] * textureLoad(values, vec2i(across.first + column, up.first + row), 0).x;
        }
        value += up.w[row] * line;
    }
    return value;
}

@fragment
fn fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let last = vec2f(textureDimensions(values)) - 1.0;
    let share = position.xy / map.pixels;
    // The first row of the texture is the lowest.
    let value = value_at(vec2f(share.x, 1.0 - share.y) * last);

    let size = f32(textureDimensions(ramp).x - 1u);
    let place = clamp((value - map.low) / (map.high - map.low), 0.0, 1.0) * size;
    let left = floor(place);
    let below = textureLoad(ramp, vec2i(i32(left), 0), 0);
    let above = textureLoad(ramp, vec2i(i32(min(left + 1.0, size)), 0), 0);
    let colour = mix(below, above, place - left);

    // In lines from the first one.
    let level = (value - map.first) / max(map.every, 1e-30);
    let slope = length(vec2f(dpdx(level), dpdy(level)));
    if map.every <= 0.0 {
        return colour;
    }
    let distance = abs(level - round(level)) / max(slope, 1e-12);
    // Neither lines closer than four pixels, nor the whole of a plateau that happens to lie on one.
    let clear = clamp((0.4 - slope) / 0.15, 0.0, 1.0) * clamp(slope / 0.002, 0.0, 1.0);
    let cover = clamp(0.5 * map.width + 0.5 - distance, 0.0, 1.0) * clear;
    return colour * (1.0 - map.line.a * cover) + map.line * cover;
}
