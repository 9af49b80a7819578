"""Mechanics: speed, force, energy, momentum, falling, braking."""

from __future__ import annotations

import math
import random

from xdomain.domains.procedural.science.problem import Kind, Problem, pick

GRAVITY = 9.81
"""Gravitational acceleration in m/s^2."""


def speed(rng: random.Random) -> Problem:
    distance, time = pick(rng, 20, 900), pick(rng, 4, 60)
    text = f"A cyclist covers {distance:g} m in {time:g} s. What is the average speed in m/s?"
    return Problem(text, distance / time, (distance * time, time / distance, distance / time / 3.6))


def force(rng: random.Random) -> Problem:
    mass, acceleration = pick(rng, 2, 95, 0.5), pick(rng, 0.5, 9.5, 0.1)
    text = f"A cart of {mass:g} kg accelerates at {acceleration:g} m/s^2. What net force in N acts on it?"
    return Problem(text, mass * acceleration, (mass / acceleration, mass * acceleration**2, mass * GRAVITY))


def kinetic_energy(rng: random.Random) -> Problem:
    mass, velocity = pick(rng, 0.5, 80, 0.5), pick(rng, 3, 40)
    text = f"A body of {mass:g} kg moves at {velocity:g} m/s. What is its kinetic energy in J?"
    return Problem(text, mass * velocity**2 / 2, (mass * velocity**2, mass * velocity / 2, mass * velocity))


def mass_from_weight(rng: random.Random) -> Problem:
    weight = pick(rng, 20, 2500, 5)
    text = f"A crate weighs {weight:g} N where g = 9.81 m/s^2. What is its mass in kg?"
    return Problem(text, weight / GRAVITY, (weight * GRAVITY, weight, weight / GRAVITY**2))


def height_from_energy(rng: random.Random) -> Problem:
    energy, mass = pick(rng, 1, 60, 0.5), pick(rng, 5, 90)
    text = f"Lifting a load of {mass:g} kg takes {energy:g} kJ (g = 9.81 m/s^2). How high in m is it lifted?"
    height = 1000 * energy / (mass * GRAVITY)
    return Problem(text, height, (height / 1000, height * GRAVITY, 2 * height))


def speed_in_kilometres(rng: random.Random) -> Problem:
    distance, minutes = pick(rng, 3, 140, 0.5), pick(rng, 5, 110)
    text = f"A train travels {distance:g} km in {minutes:g} minutes. What is its average speed in km/h?"
    value = distance / minutes * 60
    return Problem(text, value, (distance / minutes, value / 3.6, distance * minutes / 60))


def fall_speed(rng: random.Random) -> Problem:
    height = pick(rng, 1, 120, 0.5)
    text = f"A stone falls {height:g} m from rest (g = 9.81 m/s^2, no drag). At what speed in m/s does it land?"
    value = math.sqrt(2 * GRAVITY * height)
    return Problem(text, value, (2 * GRAVITY * height, math.sqrt(GRAVITY * height), math.sqrt(2 * height / GRAVITY)))


def collision(rng: random.Random) -> Problem:
    first, second, velocity = pick(rng, 1, 30, 0.5), pick(rng, 1, 30, 0.5), pick(rng, 2, 20, 0.5)
    text = (
        f"A wagon of {first:g} kg at {velocity:g} m/s runs into one of {second:g} kg at rest and couples to it. "
        "What is their common speed in m/s?"
    )
    value = first * velocity / (first + second)
    by_energy = velocity * math.sqrt(first / (first + second))
    return Problem(text, value, (by_energy, first * velocity / second, second * velocity / (first + second)))


def braking(rng: random.Random) -> Problem:
    kilometres, friction = pick(rng, 30, 130, 5), pick(rng, 0.3, 0.9, 0.05)
    text = (
        f"A car at {kilometres:g} km/h brakes with locked wheels; the coefficient of friction is {friction:g} "
        "(g = 9.81 m/s^2). How long in m is its braking distance?"
    )
    velocity = kilometres / 3.6
    value = velocity**2 / (2 * friction * GRAVITY)
    unconverted = kilometres**2 / (2 * friction * GRAVITY)
    return Problem(text, value, (2 * value, unconverted, velocity / (2 * friction * GRAVITY)))


def lifting_power(rng: random.Random) -> Problem:
    mass, height, time = pick(rng, 50, 900, 10), pick(rng, 3, 60), pick(rng, 5, 90)
    text = (
        f"A crane lifts {mass:g} kg by {height:g} m in {time:g} s (g = 9.81 m/s^2). "
        "What mechanical power in kW does it deliver?"
    )
    value = mass * GRAVITY * height / time / 1000
    return Problem(text, value, (value * 1000, value / GRAVITY, value * time))


KINDS = (
    Kind(1, speed),
    Kind(1, force),
    Kind(1, kinetic_energy),
    Kind(2, mass_from_weight),
    Kind(2, height_from_energy),
    Kind(2, speed_in_kilometres),
    Kind(3, fall_speed),
    Kind(3, collision),
    Kind(3, braking),
    Kind(3, lifting_power),
)
