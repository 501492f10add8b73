//! Folders of pictures.

use std::fs;

use collapsar::data::{Format, LoadOptions};
use image::{GrayImage, Luma, Rgb, RgbImage, RgbaImage};

use super::{Files, look, open, open_with, refused, sorted_rows};

#[test]
fn folders_of_pictures_are_data() {
    let files = Files::new();
    let grey = |value: u8| GrayImage::from_pixel(4, 3, Luma([value]));
    for (name, value) in [("two/b.png", 2), ("ten/a.png", 10), ("two/c.PNG", 22), ("ten/d.png", 250)] {
        fs::create_dir_all(files.path(name).parent().unwrap()).unwrap();
        grey(value).save_with_format(files.path(name), image::ImageFormat::Png).unwrap();
    }
    let found = look(files.0.path());
    assert_eq!((found.format, found.examples, found.shape, found.labels), (Format::Images, 4, vec![3, 4], Some(2)));
    assert_eq!((found.value_range, found.warnings.len()), ((2.0, 250.0), 0));
    let data = open(files.0.path());
    assert_eq!(
        (&data.labels().unwrap().names, &data.labels().unwrap().of_example),
        (&vec!["ten".into(), "two".into()], &vec![0, 0, 1, 1])
    );
    assert_eq!(sorted_rows(&data)[1], [10.0 / 255.0; 12]);

    files.write("notes.txt", "a note");
    files.write(".hidden", "");
    RgbaImage::from_pixel(4, 3, image::Rgba([255, 0, 0, 9])).save(files.path("two/a.png")).unwrap();
    RgbImage::from_pixel(4, 3, Rgb([9, 9, 9])).save(files.path("z.jpg")).unwrap();
    let mixed = look(files.0.path());
    assert_eq!((mixed.examples, mixed.shape, mixed.labels), (6, vec![3, 4, 3], None));
    for part in ["1 picture(s) lie in no sub-folder", "1 file(s)", "in colour", "transparency"] {
        assert!(mixed.warnings.iter().any(|warning| warning.contains(part)), "{part}: {:?}", mixed.warnings);
    }
    let rows = sorted_rows(&open(files.0.path()));
    assert_eq!((&rows[0], &rows[5]), (&vec![2.0 / 255.0; 36], &[1.0, 0.0, 0.0].repeat(12)));
}

#[test]
fn folders_that_cannot_be_used_are_refused() {
    let files = Files::new();
    files.write("empty/readme.txt", "nothing here");
    refused(&files.path("empty"), &["no PNG or JPEG"]);

    fs::create_dir(files.path("sizes")).unwrap();
    GrayImage::new(4, 3).save(files.path("sizes/a.png")).unwrap();
    GrayImage::new(3, 4).save(files.path("sizes/b.png")).unwrap();
    let message = open_with(&files.path("sizes"), &LoadOptions::default()).err().unwrap().to_string();
    for part in ["b.png is 3 × 4", "a.png is 4 × 3"] {
        assert!(message.contains(part), "{message}");
    }
    fs::create_dir(files.path("large")).unwrap();
    GrayImage::new(500, 401).save(files.path("large/a.png")).unwrap();
    let message = open_with(&files.path("large"), &LoadOptions::default()).err().unwrap().to_string();
    assert!(message.contains("200500 values") && message.contains("at most 200000"), "{message}");
    files.write("broken/a.png", b"\x89PNG\r\n\x1a\nrest");
    let message = open_with(&files.path("broken"), &LoadOptions::default()).err().unwrap().to_string();
    assert!(message.contains("a.png") && message.contains("picture"), "{message}");
}
