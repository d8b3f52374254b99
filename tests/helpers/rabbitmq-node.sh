#!/bin/sh
# A private RabbitMQ node: own home, cookie, data, name service and ports; nothing of an installed service is touched.
#
#   rabbitmq-node.sh run DIR PORT       runs it in the foreground; AMQP on 127.0.0.1:PORT, and PORT+1, PORT+2 for Erlang.
#                                       It lives exactly as long as its standard input, so that it cannot outlive its owner.
#   rabbitmq-node.sh ctl DIR PORT ARG…  rabbitmqctl against it
#
# To keep one between test runs:
#
#   setsid sh -c 'tail -f /dev/null | tests/helpers/rabbitmq-node.sh run /tmp/rabbit 21000' &
#   export BEAKER_TEST_AMQP_URL=amqp://127.0.0.1:21000 BEAKER_TEST_RABBITMQ_DIR=/tmp/rabbit
set -eu

usage='usage: rabbitmq-node.sh run|ctl DIR PORT [ARGUMENT...]'
mode=${1:?$usage} dir=${2:?$usage} port=${3:?$usage}
shift 3

bin=/usr/lib/rabbitmq/bin
if [ ! -x "$bin/rabbitmq-server" ]; then
  echo "rabbitmq-node.sh: expected $bin/rabbitmq-server; install the package rabbitmq-server" >&2
  exit 69
fi

export HOME="$dir/home"
# Nodes of a cluster share a name service.
export ERL_EPMD_PORT="${NODE_EPMD_PORT:-$((port + 2))}"
export ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME="test-$port@localhost"
export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
export RABBITMQ_NODE_PORT="$port"
export RABBITMQ_DIST_PORT=$((port + 1))
export RABBITMQ_CONF_ENV_FILE=/dev/null
export RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf"
export RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins"
export RABBITMQ_MNESIA_BASE="$dir/data"
export RABBITMQ_LOG_BASE="$dir/log"
export RABBITMQ_PID_FILE="$dir/pid"

if [ "$mode" = ctl ]; then
  exec "$bin/rabbitmqctl" --quiet "$@"
fi

mkdir -p "$HOME" "$dir/data" "$dir/log"
[ -e "$dir/rabbitmq.conf" ] || printf '%s\n' \
  'loopback_users = none' \
  'log.file.level = warning' \
  'heartbeat = 60' \
  'collect_statistics_interval = 60000' \
  'disk_free_limit.absolute = 1MB' \
  'vm_memory_high_watermark.absolute = 2GB' >"$dir/rabbitmq.conf"
printf '[].\n' >"$dir/enabled_plugins"
rm -f "$dir/pid"

epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 &
"$bin/rabbitmq-server" >"$dir/log/console.log" 2>&1 &
cat >/dev/null
# The caller gave this script a process group of its own (setsid): name service, broker and helpers go together.
kill -KILL 0
