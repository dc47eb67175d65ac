mod cells;
mod generated;
mod lists;
mod messy;
mod shapes;
