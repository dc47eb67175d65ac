mod cells;
mod generated;
mod lists;
mod messy;
mod pasted;
mod shapes;
