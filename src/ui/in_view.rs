//! Leaves out what a scroll area does not show: the window's thread pays for every widget in every frame.

use eframe::egui::{AsIdSalt, Key, Popup, Rect, Ui, Vec2, accesskit_root_id};

/// Draws contents in a scope of their own, or leaves as much room as they took last time, where that room is out of view.
///
/// Everything is drawn for a screen reader, while something has the keyboard's focus or Tab is on its way, so that it reaches all rows, and while
/// something is dragged, open or left by Escape, which may be out of view by now. What changes its height out of view takes the former room until
/// it is seen.
pub(super) fn in_view_ui(ui: &mut Ui, salt: impl AsIdSalt + Copy, add_contents: impl FnOnce(&mut Ui)) {
    let id = ui.scope_id().with((salt, "size when it was in view"));
    let room = ui.available_width();
    let known = ui.data(|data| data.get_temp::<(f32, Vec2)>(id)).filter(|(width, _)| *width == room);
    if let Some((_, size)) = known {
        let rect = Rect::from_min_size(ui.cursor().min, size);
        if !ui.is_rect_visible(rect) && !wants_everything(ui) {
            // Counts as one scope, so that what follows keeps its ids.
            ui.advance_cursor_after_rect(rect);
            return;
        }
    }
    let size = ui.push_id(salt, add_contents).response.rect.size();
    if known.is_none_or(|(_, known)| known != size) {
        ui.data_mut(|data| data.insert_temp(id, (room, size)));
    }
}

fn wants_everything(ui: &Ui) -> bool {
    let ctx = ui.ctx();
    ctx.has_accesskit_node(accesskit_root_id())
        || ctx.memory(|memory| memory.focused().is_some())
        // Both have taken the focus from whatever had it by now.
        || ctx.input(|input| input.key_pressed(Key::Tab) || input.key_pressed(Key::Escape))
        || ctx.dragged_id().is_some()
        || Popup::is_any_open(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Context, Event, Id, Label, Modifiers, RawInput, ScrollArea, pos2, vec2};

    const ROWS: usize = 50;

    /// Which of fifty rows a frame of 400 × 200 draws, the height of all, and the id of what stands below them.
    fn frame(ctx: &Context, offset: f32) -> (Vec<usize>, f32, Id) {
        frame_with(ctx, offset, Vec::new())
    }

    fn frame_with(ctx: &Context, offset: f32, events: Vec<Event>) -> (Vec<usize>, f32, Id) {
        let (mut drawn, mut height, mut after) = (Vec::new(), 0.0, None);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 200.0))),
            events,
            ..RawInput::default()
        };
        let _ = ctx.run_ui(input, |ui| {
            let area = ScrollArea::vertical().auto_shrink([false; 2]).vertical_scroll_offset(offset).show(ui, |ui| {
                for row in 0..ROWS {
                    in_view_ui(ui, row, |ui| {
                        drawn.push(row);
                        ui.set_height(20.0 + row as f32);
                    });
                }
                after = Some(ui.add(Label::new("after")).id);
            });
            height = area.content_size.y;
        });
        (drawn, height, after.unwrap())
    }

    #[test]
    fn rows_out_of_view_take_their_room_and_are_not_drawn() {
        let ctx = Context::default();
        let (drawn, height, after) = frame(&ctx, 0.0);
        assert_eq!(drawn.len(), ROWS, "no height is known at first");
        let top = frame(&ctx, 0.0);
        assert!(top.0.len() < 12 && top.0[0] == 0, "{:?}", top.0);
        assert_eq!((top.1, top.2), (height, after), "room and ids do not depend on what is drawn");
        let end = frame(&ctx, height - 200.0);
        assert!(end.0.len() < 8 && end.0.last() == Some(&(ROWS - 1)), "{:?}", end.0);
        assert_eq!((end.1, end.2), (height, after));
    }

    #[test]
    fn the_keyboard_reaches_all_rows() {
        let ctx = Context::default();
        let after = frame(&ctx, 0.0).2;
        assert!(frame(&ctx, 0.0).0.len() < ROWS);
        let (physical_key, pressed, repeat, modifiers) = (None, true, false, Modifiers::NONE);
        let tab = Event::Key { key: Key::Tab, physical_key, pressed, repeat, modifiers };
        assert_eq!(frame_with(&ctx, 0.0, vec![tab]).0.len(), ROWS);
        ctx.memory_mut(|memory| memory.request_focus(after));
        assert_eq!(frame(&ctx, 0.0).0.len(), ROWS);
    }
}
