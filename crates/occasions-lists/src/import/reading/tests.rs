mod cells;
mod generated;
mod lists;
mod shapes;
