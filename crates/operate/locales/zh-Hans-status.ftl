## Everybody: the page about what is up

status = 运行状态
status-about = { $site } 及其各部分是否正常运行。
status-well = 一切正常
status-troubled = 部分服务不可用
status-part = 部分
status-up = 正常
status-down = 不可用
status-not-saving = 可以浏览页面，但暂时无法保存
status-since = 自 { $when } 起
status-unknown = 其他部分的状态暂时未知。
status-seen = 查看时间：{ $when }
