// Puts a kept texture on the screen, pixel for pixel.

struct Place {
    // Left, top, width and height in pixels of the screen.
    rect: vec4f,
    screen: vec2f,
    // 1 where the screen's texture converts from linear light itself.
    linear: f32,
    unused: f32,
};

@group(0) @binding(0) var<uniform> place: Place;
@group(0) @binding(1) var kept: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
    let corner = vec2f(f32(vertex & 1u), f32(vertex >> 1u));
    let at = (place.rect.xy + corner * place.rect.zw) / place.screen * 2.0 - 1.0;
    return vec4f(at.x, -at.y, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let last = vec2i(textureDimensions(kept)) - 1;
    let colour = textureLoad(kept, clamp(vec2i(position.xy - place.rect.xy), vec2i(0), last), 0);
    if place.linear == 0.0 {
        return colour;
    }
    let low = colour.rgb / 12.92;
    let high = pow((colour.rgb + 0.055) / 1.055, vec3f(2.4));
    return vec4f(select(high, low, colour.rgb <= vec3f(0.04045)), colour.a);
}
