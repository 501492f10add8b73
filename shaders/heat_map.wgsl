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
    // Points of the grid along either axis.
    side: u32,
    line: vec4f,
};

@group(0) @binding(0) var<uniform> map: Map;
// Row-major, the lowest row first; as bits, since a shader may take for granted that no float is infinite or no number.
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var ramp: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
    return vec4f(vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0, 0.0, 1.0);
}

// Weights of four points along one axis, of which the first is `first`, and their derivatives along the axis.
struct Weights {
    first: i32,
    w: vec4f,
    slope: vec4f,
};

// In the cells at an edge the missing neighbour continues the three nearest points quadratically, v₋₁ = 3v₀ − 3v₁ + v₂, as the engine does
// where it says by how much interpolation errs.
fn within(w: vec4f, cell: i32, last: i32) -> vec4f {
    if cell == 0 {
        return vec4f(w.y + 3.0 * w.x, w.z - 3.0 * w.x, w.w + w.x, 0.0);
    }
    if cell == last - 1 {
        return vec4f(0.0, w.x + w.w, w.y - 3.0 * w.w, w.z + 3.0 * w.w);
    }
    return w;
}

fn weights(place: f32, last: i32) -> Weights {
    let cell = clamp(i32(floor(place)), 0, last - 1);
    let t = place - f32(cell);
    let t2 = t * t;
    let t3 = t2 * t;
    let w = 0.5 * vec4f(-t + 2.0 * t2 - t3, 2.0 - 5.0 * t2 + 3.0 * t3, t + 4.0 * t2 - 3.0 * t3, t3 - t2);
    let slope = 0.5 * vec4f(-1.0 + 4.0 * t - 3.0 * t2, 9.0 * t2 - 10.0 * t, 1.0 + 8.0 * t - 9.0 * t2, 3.0 * t2 - 2.0 * t);
    return Weights(clamp(cell - 1, 0, last - 3), within(w, cell, last), within(slope, cell, last));
}

// What is not finite counts as the lowest value.
fn stored(column: i32, row: i32) -> f32 {
    let bits = values[u32(row) * map.side + u32(column)];
    if (bits & 0x7f800000u) == 0x7f800000u {
        return map.low;
    }
    return bitcast<f32>(bits);
}

// The value at a place of the grid, and its derivatives along both axes. (Not by dpdx and dpdy: what a storage buffer holds need not reach the
// invocations that only help at the edges of triangles.)
fn value_at(place: vec2f) -> vec3f {
    let last = i32(map.side) - 1;
    let across = weights(place.x, last);
    let up = weights(place.y, last);
    var value = vec3f(0.0);
    for (var row = 0; row < 4; row++) {
        var line = vec2f(0.0);
        for (var column = 0; column < 4; column++) {
            line += vec2f(across.w[column], across.slope[column]) * stored(across.first + column, up.first + row);
        }
        value += vec3f(up.w[row] * line, up.slope[row] * line.x);
    }
    return value;
}

@fragment
fn fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let last = f32(map.side - 1u);
    let share = position.xy / map.pixels;
    // The first row is the lowest.
    let found = value_at(vec2f(share.x, 1.0 - share.y) * last);
    let value = found.x;

    let size = f32(textureDimensions(ramp).x - 1u);
    let place = clamp((value - map.low) / (map.high - map.low), 0.0, 1.0) * size;
    let left = floor(place);
    let below = textureLoad(ramp, vec2i(i32(left), 0), 0);
    let above = textureLoad(ramp, vec2i(i32(min(left + 1.0, size)), 0), 0);
    let colour = mix(below, above, place - left);

    if map.every <= 0.0 {
        return colour;
    }
    // In lines from the first one, and lines a pixel.
    let level = (value - map.first) / map.every;
    let slope = length(found.yz * last / map.pixels) / map.every;
    let distance = abs(level - round(level)) / max(slope, 1e-12);
    // Neither lines closer than four pixels, nor the whole of a plateau that happens to lie on one.
    let clear = clamp((0.4 - slope) / 0.15, 0.0, 1.0) * clamp(slope / 0.002, 0.0, 1.0);
    let cover = clamp(0.5 * map.width + 0.5 - distance, 0.0, 1.0) * clear;
    return colour * (1.0 - map.line.a * cover) + map.line * cover;
}
