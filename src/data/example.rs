//! What one example looks like, and which class it belongs to.

use std::collections::HashMap;

/// More different labels than this are names or measurements, and not classes.
const MAX_CLASSES: usize = 10_000;

/// How the D values of one example are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExampleShape {
    /// A row of a table, or a point.
    Vector(usize),
    /// A picture, stored row by row with the channels of one pixel side by side.
    Image {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// 1 for grey, 3 for red, green and blue.
        channels: usize,
    },
}

impl ExampleShape {
    /// The number of values of one example, D.
    pub fn dimensions(&self) -> usize {
        match *self {
            ExampleShape::Vector(dimensions) => dimensions,
            ExampleShape::Image { height, width, channels } => height * width * channels,
        }
    }

    /// `[D]` of a vector, `[height, width]` of a grey image, `[height, width, 3]` of a colour image.
    pub fn to_vec(&self) -> Vec<usize> {
        match *self {
            ExampleShape::Vector(dimensions) => vec![dimensions],
            ExampleShape::Image { height, width, channels: 1 } => vec![height, width],
            ExampleShape::Image { height, width, channels } => vec![height, width, channels],
        }
    }

    /// Whether this is a picture.
    pub fn is_image(&self) -> bool {
        matches!(self, ExampleShape::Image { .. })
    }
}

/// The class of every example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The name of each class.
    pub names: Vec<String>,
    /// For each example in storage order, an index into `names`.
    pub of_example: Vec<u32>,
}

/// Collects labels one by one: classes that are numbers end up in numeric order, others in order of first appearance.
#[derive(Default)]
pub(super) struct LabelsBuilder {
    index: HashMap<String, u32>,
    labels: Labels,
    has_too_many: bool,
}

impl LabelsBuilder {
    pub(super) fn push(&mut self, name: &str) {
        let class = match self.index.get(name) {
            Some(class) => *class,
            None if self.labels.names.len() >= MAX_CLASSES => {
                self.has_too_many = true;
                0
            }
            None => {
                let class = self.labels.names.len() as u32;
                self.index.insert(name.to_owned(), class);
                self.labels.names.push(name.to_owned());
                class
            }
        };
        self.labels.of_example.push(class);
    }

    /// The labels, or a warning why there are none.
    pub(super) fn finish(self) -> Result<Labels, String> {
        if self.has_too_many {
            return Err(format!(
                "the label has more than {MAX_CLASSES} different values, which are no classes: it is left out"
            ));
        }
        let mut labels = self.labels;
        let numbers: Option<Vec<f64>> = labels.names.iter().map(|name| name.parse().ok()).collect();
        if let Some(numbers) = numbers {
            let mut order: Vec<usize> = (0..numbers.len()).collect();
            order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
            let mut rank = vec![0; order.len()];
            for (position, class) in order.iter().enumerate() {
                rank[*class] = position as u32;
            }
            labels.names = order.iter().map(|class| labels.names[*class].clone()).collect();
            for class in &mut labels.of_example {
                *class = rank[*class as usize];
            }
        }
        Ok(labels)
    }
}
