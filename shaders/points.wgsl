// Very many points in a plane, as one picture.
//
// Two passes. `accumulate` adds every point's ink into sums per pixel, as whole numbers: the sums, and with them the picture, do not depend on the
// order of the points. `colour` makes a picture of them: how much ink there is gives the opacity, and where points of several classes lie
// on each other their colours are mixed. `copy` puts the picture on the screen.

struct Picture {
    // Half of the side of the plane: it spans [-reach, reach] in both dimensions.
    reach: f32,
    // Radius of a point, pixels; 0 for a single pixel.
    radius: f32,
    // Opacity of a pixel with the ink of one point, and the ink that is opaque.
    faintest: f32,
    opaque: f32,
    // Size of the picture.
    pixels: vec2f,
    count: u32,
    // Point i is of example i mod `examples`; 0 where points have no class.
    examples: u32,
    // Of points without class.
    colour: vec4f,
    background: vec4f,
};

@group(0) @binding(0) var<uniform> picture: Picture;

// Ink of a point in a pixel that it covers: a million of them with all of a colour's 255 levels fit into 32 bits.
const INK: f32 = 16.0;

// ---- accumulate -------------------------------------------------------------------------------------------------------

// As bits, since a shader may take for granted that no float is infinite or no number.
@group(0) @binding(1) var<storage, read> points: array<vec2u>;
@group(0) @binding(2) var<storage, read> classes: array<u32>;
@group(0) @binding(3) var colours: texture_2d<f32>;
// Red, green, blue, ink of every pixel; where points have no class the colours stay 0.
@group(0) @binding(4) var<storage, read_write> sums: array<atomic<u32>>;

fn add(pixel: vec2i, ink: u32, colour: vec3u) {
    let at = 4u * u32(pixel.y * i32(picture.pixels.x) + pixel.x);
    atomicAdd(&sums[at + 3u], ink);
    if picture.examples > 0u {
        atomicAdd(&sums[at], ink * colour.r);
        atomicAdd(&sums[at + 1u], ink * colour.g);
        atomicAdd(&sums[at + 2u], ink * colour.b);
    }
}

@compute @workgroup_size(256)
fn accumulate(@builtin(global_invocation_id) id: vec3u) {
    if id.x >= picture.count {
        return;
    }
    let bits = points[id.x];
    if any((bits & vec2u(0x7f800000u)) == vec2u(0x7f800000u)) {
        return;
    }
    let z = bitcast<vec2f>(bits);
    let place = (vec2f(z.x, -z.y) / picture.reach * 0.5 + 0.5) * picture.pixels;
    let margin = picture.radius + 1.0;
    if any(place < vec2f(-margin)) || any(place > picture.pixels + margin) {
        return;
    }
    var colour = vec3u(0u);
    if picture.examples > 0u {
        let class_index = classes[id.x % picture.examples] % textureDimensions(colours).x;
        colour = vec3u(round(255.0 * textureLoad(colours, vec2u(class_index, 0u), 0).rgb));
    }
    let last = vec2i(picture.pixels) - 1;
    if picture.radius == 0.0 {
        let pixel = vec2i(floor(place));
        if all(pixel >= vec2i(0)) && all(pixel <= last) {
            add(pixel, u32(INK), colour);
        }
        return;
    }
    let low = max(vec2i(floor(place - margin)), vec2i(0));
    let high = min(vec2i(floor(place + margin)), last);
    for (var y = low.y; y <= high.y; y++) {
        for (var x = low.x; x <= high.x; x++) {
            let distance = length(vec2f(f32(x), f32(y)) + 0.5 - place);
            let ink = u32(round(INK * clamp(picture.radius + 0.5 - distance, 0.0, 1.0)));
            if ink > 0u {
                add(vec2i(x, y), ink, colour);
            }
        }
    }
}

// ---- colour -----------------------------------------------------------------------------------------------------------

@group(0) @binding(1) var<storage, read> summed: array<u32>;

@vertex
fn vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
    return vec4f(vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let at = 4u * (u32(position.y) * u32(picture.pixels.x) + u32(position.x));
    let weight = f32(summed[at + 3u]);
    if weight == 0.0 {
        return picture.background;
    }
    var colour = picture.colour.rgb;
    if picture.examples > 0u {
        colour = vec3f(f32(summed[at]), f32(summed[at + 1u]), f32(summed[at + 2u])) / (255.0 * weight);
    }
    let ink = weight / INK;
    // A square root, so that the foot of the density is seen beside its peak.
    let cover = min(ink, 1.0) * mix(picture.faintest, 1.0, sqrt(min(ink / picture.opaque, 1.0)));
    return vec4f(mix(picture.background.rgb, colour, cover), 1.0);
}
