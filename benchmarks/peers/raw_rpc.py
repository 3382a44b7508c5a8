"""Echo over raw py-amqp, as it is usually written by hand: one connection, JSON, correlation ids, acks."""

import itertools
import json
import os
from collections import deque

import amqp

import measuring
import sink

QUEUE = "echo"


def serve(options):
    """Answer for ever."""
    connection = sink.connect(options.url)
    channel = connection.channel()
    channel.queue_declare(QUEUE, auto_delete=False)
    channel.basic_qos(0, options.workers, False)
    waiting = deque()
    # Publishing inside the callback reads the connection and so calls the callback: it would recurse without bound.
    channel.basic_consume(QUEUE, callback=waiting.append)
    measuring.ready(os.getpid())
    while True:
        connection.drain_events()
        while waiting:
            request = waiting.popleft()
            item = json.loads(request.body)
            reply = amqp.Message(json.dumps(item), correlation_id=request.correlation_id)
            channel.basic_publish(reply, routing_key=request.reply_to)
            channel.basic_ack(request.delivery_tag)


def call(options):
    """Call from one thread, with as many calls in flight as there are callers."""
    connection = sink.connect(options.url)
    channel = connection.channel()
    replies = channel.queue_declare("", exclusive=True).queue
    answers = {}
    channel.basic_consume(
        replies, no_ack=True, callback=lambda reply: answers.__setitem__(reply.correlation_id, json.loads(reply.body))
    )
    numbers = itertools.count()

    def submit():
        number = str(next(numbers))
        channel.basic_publish(
            amqp.Message(json.dumps(measuring.ITEM), correlation_id=number, reply_to=replies), routing_key=QUEUE
        )
        return number

    def wait(number):
        while number not in answers:
            connection.drain_events(timeout=10)
        assert answers.pop(number) == measuring.ITEM

    measuring.windowed_loop(options, submit, wait)
    connection.close()


if __name__ == "__main__":
    given = measuring.arguments()
    {"serve": serve, "call": call}[given.role](given)
